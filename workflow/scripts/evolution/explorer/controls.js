// The controls of the page: link, legend, theme, pointer and keyboard.

// Link
function remember() {
  const link = new URLSearchParams({ [data.unit]: data.times[snapshot()] });
  if (state.color !== "label") link.set("color", state.color);
  if (state.hidden.size) link.set("hidden", [...state.hidden].sort((a, b) => a - b).join());
  if (state.wrong) link.set("wrong", 1);
  if (state.speed !== 2.5) link.set("speed", state.speed);
  const chosen = source.selected.indices;
  if (chosen.length) link.set("samples", chosen.map((place) => data.samples[place]).join());
  try {
    history.replaceState(null, "", `#${link.toString().replaceAll("%2C", ",")}`);
  } catch {
    // Within a report the page has no address of its own, so no link can be kept.
  }
}

function restore() {
  const link = new URLSearchParams(location.hash.slice(1));
  const numbers = (key) => (link.get(key) ?? "").split(",").filter(Boolean).map(Number);
  const time = Number(link.get(data.unit) ?? 0);
  const distance = data.times.map((known) => Math.abs(known - time));
  state.position = Math.max(0, distance.indexOf(Math.min(...distance)));
  state.color = [...$("color").options].some(({ value }) => value === link.get("color")) ? link.get("color") : "label";
  state.hidden = new Set(numbers("hidden").filter((label) => label in data.names));
  state.wrong = predicted !== null && link.get("wrong") === "1";
  state.speed = [1, 2.5, 5, 10].includes(Number(link.get("speed"))) ? Number(link.get("speed")) : 2.5;
  source.selected.indices = numbers("samples").filter((id) => placeOf.has(id)).map((id) => placeOf.get(id));
  showControls();
  update(true);
}

// Controls
function showLegend() {
  const entries = data.names.map((name, label) => {
    const chip = document.createElement("button");
    chip.innerHTML = '<i class="dot"></i>';
    chip.firstChild.style.background = data.colors[label];
    chip.firstChild.hidden = state.color === "right";
    chip.append(name);
    chip.title = `Show or hide class ${name}`;
    chip.setAttribute("aria-pressed", !state.hidden.has(label));
    chip.onclick = () => {
      state.hidden.has(label) ? state.hidden.delete(label) : state.hidden.add(label);
      showLegend();
      update(true);
    };
    return chip;
  });
  if (state.color === "right")
    for (const [text, color] of [["right", RIGHT], ["wrong", WRONG]]) {
      const entry = document.createElement("span");
      entry.innerHTML = '<i class="dot"></i> ';
      entry.firstChild.style.background = color;
      entry.append(text);
      entries.unshift(entry);
    }
  $("legend").replaceChildren(...entries);
}

function showControls() {
  $("color").value = state.color;
  $("wrong").checked = state.wrong;
  $("speed").value = String(state.speed);
  $("drag").value = state.drag;
  showLegend();
}

function setDrag() {
  const tools = { lasso: "LassoSelectTool", zoom: "BoxZoomTool", pan: "PanTool" };
  for (const { toolbar } of plots)
    for (const tool of toolbar.tools)
      if (Object.values(tools).includes(tool.type)) tool.active = tool.type === tools[state.drag];
}

function setTheme() {
  document.documentElement.dataset.theme = state.dark ? "dark" : "light";
  $("theme").textContent = state.dark ? "☀ Light" : "☾ Dark";
  const depths = data.depths[state.dark ? "dark" : "light"];
  const [ink, muted] = state.dark ? ["#ffffff", "#a6acb5"] : ["#000000", "#5c5c5c"];
  for (const { renderers } of plots)
    for (const { selection_glyph, hover_glyph } of renderers)
      for (const glyph of [selection_glyph, hover_glyph]) glyph.line_color = { value: ink };
  curves.forEach((plot, place) => {
    model(`now${place}`).line_color = ink;
    for (const line of plot.renderers) {
      const depth = line.tags[0];
      line.glyph.line_color = { value: depth < 0 ? muted : depths[depth] };
    }
    for (const axis of [...plot.below, ...plot.left]) axis.major_label_text_color = muted;
  });
  const entries = data.network.map((name, depth) => [name, depths[depth], "solid"]);
  if (data.raw_inputs) entries.push(["raw inputs", muted, "dashed"]);
  $("layers").replaceChildren(
    `Curves over ${data.unit}s: `,
    ...entries.map(([name, color, dash]) => {
      const entry = document.createElement("span");
      entry.innerHTML = '<i class="dash"></i>';
      entry.firstChild.style.borderTop = `3px ${dash} ${color}`;
      entry.append(name);
      return entry;
    }),
  );
}

// Hover: Bokeh calls `hover` with the dots under the pointer, whichever map they are in.
let pointer = { clientX: 0, clientY: 0 };
document.addEventListener("pointermove", (event) => (pointer = event), { capture: true, passive: true });
document.addEventListener("pointerdown", (event) => (pointer = event), { capture: true, passive: true });
const hide = () => ($("tip").hidden = true);
for (const element of document.querySelectorAll("#maps .plot")) element.addEventListener("pointerleave", hide);
function hover(indices) {
  if (!indices.length) return hide();
  const place = indices[0], { label, guess, sure, wrong } = describe(place);
  const text = document.createElement("div");
  const lines = [
    [`true: ${label}`, ""],
    ...(predicted ? [[`predicted: ${guess}`, wrong ? "wrong" : ""]] : []),
    ...(confidence ? [[`confidence: ${sure}`, ""]] : []),
    [`sample ${data.samples[place]}`, "note"],
    // A sample has an id of its own, or a position.
    [typeof data.sources[place] === "string" ? data.sources[place] : `${data.sources[place]} in the data set`, "note"],
  ];
  for (const [line, kind] of lines) {
    const row = document.createElement("div");
    row.textContent = line;
    row.className = kind;
    text.append(row);
  }
  const tip = $("tip");
  tip.replaceChildren(image(place, 84), text);
  tip.dataset.sample = data.samples[place];
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = pointer.clientX + 14 + width > innerWidth ? pointer.clientX - 14 - width : pointer.clientX + 14;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, Math.min(pointer.clientY + 14, innerHeight - height - 4))}px`;
}

$("play").onclick = () => play(!state.playing);
$("slider").oninput = (event) => {
  const wanted = Number(event.target.value);
  if (state.playing) play(false);
  goTo(wanted);
};
$("slider").onchange = () => goTo(snapshot());
$("speed").onchange = () => (state.speed = Number($("speed").value), state.playing || remember());
$("color").onchange = () => {
  state.color = $("color").value;
  showLegend();
  update(true);
};
$("every").onclick = () => (state.hidden.clear(), showLegend(), update(true));
$("wrong").onchange = () => (state.wrong = $("wrong").checked, update(true));
$("search").onchange = () => {
  const wanted = $("search").value.split(/[\s,]+/).filter(Boolean).map(Number);
  const missing = wanted.filter((id) => !placeOf.has(id));
  $("search").setCustomValidity(missing.length ? `No sample ${missing.join(", ")} here` : "");
  if (missing.length) $("search").reportValidity();
  source.selected.indices = wanted.filter((id) => placeOf.has(id)).map((id) => placeOf.get(id));
};
$("drag").onchange = () => (state.drag = $("drag").value, setDrag());
$("reset").onclick = () => plots.forEach((plot) => {
  for (const range of [plot.x_range, plot.y_range]) range.setv({ start: -data.limit, end: data.limit });
});
$("clear").onclick = () => (source.selected.indices = []);
$("theme").onclick = () => (state.dark = !state.dark, setTheme());
source.selected.properties.indices.change.connect(() => {
  showSelection();
  if (!state.playing) remember();
});
addEventListener("hashchange", restore);
document.addEventListener("click", ({ detail, target }) => detail && target.closest("button")?.blur());
document.addEventListener("keydown", (event) => {
  const { target } = event, typing = target.matches("select, #search");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = state.position;
  const keys = {
    " ": () => play(!state.playing),
    ArrowLeft: () => stepTo(Math.ceil(here) - 1),
    ArrowRight: () => stepTo(Math.floor(here) + 1),
    Home: () => stepTo(0),
    End: () => stepTo(last),
    Escape: () => (source.selected.indices = []),
  };
  if (!(event.key in keys) || (event.key === " " && target.matches("button, input[type=checkbox], summary"))) return;
  event.preventDefault();
  keys[event.key]();
});

window.explorer = {
  hover,
  seek: (place) => {
    const distance = data.places.map((known) => Math.abs(known - place));
    stepTo(distance.indexOf(Math.min(...distance)));
  },
  frames,
  state,
  source,
  plots,
  views,
  ready: false,
};
setDrag();
setTheme();
restore();
await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.explorer.ready = performance.now();
