// The controls of the page: link, legend, theme, pointer and keyboard.

// Link
const linkKey = (word, column) => (column.key === "label" ? word : `${word}.${column.key}`);
function remember() {
  const link = new URLSearchParams({ [data.unit]: data.times[snapshot()] });
  if (state.color !== usualColor) link.set("color", state.color);
  if (state.pick !== usualLabel) link.set("label", state.pick);
  for (const column of columns) {
    if (column.hidden.size) link.set(linkKey("hidden", column), [...column.hidden].sort((a, b) => a - b).join());
    if (!column.rest) link.set(linkKey("rest", column), 0);
    if (column.picked.join() !== column.usual.join()) link.set(linkKey("picked", column), column.picked.join());
    if (column.least !== null || column.most !== null)
      link.set(linkKey("range", column), `${column.least ?? ""},${column.most ?? ""}`);
  }
  if (state.filter !== null) link.set("filter", state.filter);
  if (state.wrong) link.set("wrong", 1);
  if (state.speed !== 2.5) link.set("speed", state.speed);
  const chosen = source.selected.indices;
  if (chosen.length) link.set("samples", chosen.map((place) => data.samples[place]).join());
  try {
    history.replaceState(null, "", `#${link.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")}`);
  } catch {
    // Within a report the page has no address of its own, so no link can be kept.
  }
}

const isPlace = (text, list) => /^[0-9]+$/.test(text ?? "") && Number(text) < list.length;
function restoreColumn(column, link) {
  const written = (word) => link.get(linkKey(word, column)) ?? "";
  const codes = (word) => written(word).split(",").filter(Boolean).map(Number);
  clearFilter(column);
  if (column.values) {
    const bound = (text) => (text?.trim() && Number.isFinite(Number(text)) ? Number(text) : null);
    [column.least, column.most] = written("range").split(",", 2).concat("").map(bound);
    return;
  }
  const isCode = (code) => code in column.names || code === -1;
  column.hidden = new Set(codes("hidden").filter(isCode));
  if (!isMany(column)) return;
  column.rest = written("rest") !== "0";
  // A place without a number is a colour that is free.
  const slots = written("picked").split(",");
  const slotCode = (_, slot) => (isPlace(slots[slot], column.names) ? Number(slots[slot]) : null);
  column.picked = link.has(linkKey("picked", column)) ? column.usual.map(slotCode) : [...column.usual];
}

function restore() {
  const link = new URLSearchParams(location.hash.slice(1));
  const numbers = (key) => (link.get(key) ?? "").split(",").filter(Boolean).map(Number);
  const time = Number(link.get(data.unit) ?? 0);
  const distance = data.times.map((known) => Math.abs(known - time));
  state.position = Math.max(0, distance.indexOf(Math.min(...distance)));
  state.color = colorings.some(({ value }) => value === link.get("color")) ? link.get("color") : usualColor;
  if (isKind("labels")) pickLabel(isPlace(link.get("label"), data.names) ? Number(link.get("label")) : usualLabel);
  for (const column of columns) restoreColumn(column, link);
  state.filter = columnOf(link.get("filter")) ? link.get("filter") : null;
  state.wrong = predicted !== null && isKind("classes", "labels") && link.get("wrong") === "1";
  state.speed = [1, 2.5, 5, 10].includes(Number(link.get("speed"))) ? Number(link.get("speed")) : 2.5;
  source.selected.indices = numbers("samples").filter((id) => placeOf.has(id)).map((id) => placeOf.get(id));
  showControls();
  update(true);
}

// Controls: what the colours say, and what is shown
const swatch = (color) => {
  const dot = make("i", "", "dot");
  dot.style.background = color;
  return dot;
};
const legendEntry = (text, color) => {
  const element = make("span", "", "entry");
  element.append(swatch(color), ` ${text}`);
  return element;
};

function showScale() {
  const { scale, open } = coloring(), parts = [];
  if (state.color === "right") parts.push(legendEntry("right", RIGHT), legendEntry("wrong", WRONG));
  if (state.color === "cluster" && !isKind("classes"))
    data.cluster_colors
      .slice(0, data.most_categories)
      .forEach((color, cluster) => parts.push(legendEntry(cluster + 1, color)));
  if (scale) {
    const bar = make("span", "", "ramp");
    bar.style.background = `linear-gradient(to right, ${data.ramp[state.dark ? "dark" : "light"].join()})`;
    const low = `${open || scale.least < scale.low ? "≤ " : ""}${number(scale.low)}`;
    const high = `${open || scale.most > scale.high ? "≥ " : ""}${number(scale.high)}`;
    parts.push(...(scale.high > scale.low ? [low, bar, high] : [`all ${number(scale.low)}`]));
    if (columnOf(state.color)?.values?.some(Number.isNaN)) parts.push(legendEntry("missing", MISSING));
  }
  $("scale").replaceChildren(...parts);
}

function changeFilter(change) {
  change();
  showLegend();
  update(true);
}

function chip(column, code, color) {
  const name = code < 0 ? "missing" : column.names[code], button = make("button");
  const dot = swatch(color);
  dot.hidden = !isColoredBy(column);
  button.append(dot, make("span", name, "name"));
  button.title = `Show or hide ${column === target && isKind("classes") ? "class " : ""}${name}`;
  button.setAttribute("aria-pressed", !column.hidden.has(code));
  button.onclick = () =>
    changeFilter(() => (column.hidden.has(code) ? column.hidden.delete(code) : column.hidden.add(code)));
  return button;
}

function manyChips(column) {
  const chips = [];
  column.picked.forEach((code, slot) => {
    if (code === null) return;
    const pair = make("span", "", "pair"), drop = make("button", "×");
    drop.title = `Take its colour from ${column.names[code]}`;
    drop.onclick = () => changeFilter(() => (column.hidden.delete(code), (column.picked[slot] = null)));
    pair.append(chip(column, code, colorOf(column, code, slot)), drop);
    chips.push(pair);
  });
  const others = column.names.length - column.picked.filter((code) => code !== null).length;
  const rest = make("button"), dot = swatch(MISSING);
  dot.hidden = !isColoredBy(column);
  rest.append(dot, `${others} others`);
  rest.title = "Show or hide those without a colour; search to give one a colour";
  rest.setAttribute("aria-pressed", column.rest);
  rest.onclick = () => changeFilter(() => (column.rest = !column.rest));
  return [...chips, rest];
}

function showLegend() {
  showScale();
  const column = shownColumn(), many = Boolean(column) && isMany(column);
  $("pick").closest("label").hidden = !isKind("labels");
  $("pick").value = state.pick;
  $("filter").closest("label").hidden = columns.length < 2;
  if (column) $("filter").value = column.key;
  const chips = [];
  if (many) chips.push(...manyChips(column));
  else if (column?.names) column.names.forEach((_, code) => chips.push(chip(column, code, column.colors[code])));
  if (column?.codes && !many && column.codes.some((code) => code < 0)) chips.push(chip(column, -1, MISSING));
  $("legend").replaceChildren(...chips);
  $("finder").hidden = !many;
  if (many) $("find").placeholder = `find of ${column.names.length}`;
  $("range").hidden = !column?.values;
  for (const [id, bound] of [["least", column?.least], ["most", column?.most]]) $(id).value = bound ?? "";
  for (const id of ["least", "most"]) $(id).placeholder = column?.values ? number(column.scale[id]) : "";
  $("every").hidden = !column;
  $("none").hidden = !column?.names;
  $("others").replaceChildren(
    ...columns.filter((other) => other !== column && isFiltered(other)).map((other) => {
      const tag = make("button", `${other.title}: filtered ×`);
      tag.title = `Show all of ${other.title} again`;
      tag.onclick = () => changeFilter(() => clearFilter(other));
      return tag;
    }),
  );
}

const MOST_FOUND = 12;
function findCategories() {
  const column = shownColumn(), wanted = $("find").value.trim().toLowerCase();
  const found = [];
  // What begins with the letters comes before what has them inside.
  for (const fits of [(name) => name.startsWith(wanted), (name) => name.indexOf(wanted) > 0])
    column.names.forEach((name, code) => fits(name.toLowerCase()) && found.length < 500 && found.push(code));
  $("found").replaceChildren(
    ...found.slice(0, MOST_FOUND).map((code) => {
      const button = make("button", column.names[code]);
      button.onclick = () => {
        $("find").value = "";
        $("found").hidden = true;
        changeFilter(() => pickCategory(column, code));
      };
      return button;
    }),
    ...(found.length > MOST_FOUND ? [make("span", `and ${found.length - MOST_FOUND} more`, "note")] : []),
    ...(found.length ? [] : [make("span", "none of that name", "note")]),
  );
  $("found").hidden = !wanted;
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
  if (data.raw_inputs) entries.push([data.baseline, muted, "dashed"]);
  $("layers").replaceChildren(
    `Curves over ${data.unit}s: `,
    ...entries.map(([name, color, dash]) => {
      const line = make("span"), mark = make("i", "", "dash");
      mark.style.borderTop = `3px ${dash} ${color}`;
      line.append(mark, name);
      return line;
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
  const place = indices[0], text = make("div");
  text.append(...describe(place).map(([line, kind]) => make("div", line, kind)));
  const tip = $("tip");
  tip.replaceChildren(...look(place, true), text);
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
  state.filter = null;
  showLegend();
  update(true);
};
$("pick").onchange = () => changeFilter(() => pickLabel(Number($("pick").value)));
$("filter").onchange = () => changeFilter(() => (state.filter = $("filter").value));
$("every").onclick = () => changeFilter(() => clearFilter(shownColumn()));
$("none").onclick = () =>
  changeFilter(() => {
    const column = shownColumn(), picked = column.picked.filter((code) => code !== null);
    column.hidden = new Set(isMany(column) ? picked : column.names.keys());
    column.hidden.add(-1);
    column.rest = !isMany(column);
  });
for (const [id, bound] of [["least", "least"], ["most", "most"]])
  $(id).onchange = () => changeFilter(() => (shownColumn()[bound] = $(id).value === "" ? null : Number($(id).value)));
$("find").oninput = findCategories;
$("find").onkeydown = ({ key }) => {
  if (key === "Enter") $("found").querySelector("button")?.click();
  if (key === "Escape") $("found").hidden = true;
};
document.addEventListener("pointerdown", ({ target }) => target.closest("#finder") || ($("found").hidden = true));
$("wrong").onchange = () => (state.wrong = $("wrong").checked, update(true));
// Samples by number, or by an id, which may have spaces and commas.
function placesOf(text) {
  if (placeOfId.has(text.trim())) return [[placeOfId.get(text.trim())], []];
  const places = [], missing = [];
  for (const word of text.split(hasIds ? /,/ : /[\s,]+/).map((part) => part.trim()).filter(Boolean)) {
    const place = placeOfId.get(word) ?? placeOf.get(Number(word));
    place === undefined ? missing.push(word) : places.push(place);
  }
  return [places, missing];
}
$("search").onchange = () => {
  const [places, missing] = placesOf($("search").value);
  $("search").setCustomValidity(missing.length ? `No sample ${missing.join(", ")} here` : "");
  if (missing.length) $("search").reportValidity();
  source.selected.indices = places;
};
$("drag").onchange = () => (state.drag = $("drag").value, setDrag());
$("reset").onclick = () => plots.forEach((plot) => {
  for (const range of [plot.x_range, plot.y_range]) range.setv({ start: -data.limit, end: data.limit });
});
$("clear").onclick = () => (source.selected.indices = []);
$("theme").onclick = () => {
  state.dark = !state.dark;
  setTheme();
  if (!coloring().scale) return;
  showScale();
  update(true);
};
source.selected.properties.indices.change.connect(() => {
  showSelection();
  if (!state.playing) remember();
});
addEventListener("hashchange", restore);
document.addEventListener("click", ({ detail, target }) => detail && target.closest("button")?.blur());
document.addEventListener("keydown", (event) => {
  const { target } = event, typing = target.matches("select, #search, #find, #range input");
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
$("color").append(...colorings.map(({ value, title }) => new Option(title, value)));
$("filter").append(...columns.map(({ key, title }) => new Option(title, key)));
setDrag();
setTheme();
restore();
await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
window.explorer.ready = performance.now();
