"use strict";
// The page's code. Bokeh draws, hit-tests and links the selection; this moves the dots through time.
(async () => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const $ = (id) => document.getElementById(id);
  const data = read("data");
  const TYPES = { int16: Int16Array, uint8: Uint8Array };
  const STEPS = 32767, GREY = 0x808080ff, RIGHT = "#3f90da", WRONG = "#ff8c1a";
  const MOST_CARDS = 60;

  function unpack(array) {
    const bytes = Uint8Array.from(atob(array.bytes), (letter) => letter.charCodeAt(0));
    return new TYPES[array.type](bytes.buffer);
  }

  const samples = data.samples.length, last = data.epochs.length - 1;
  const maps = data.maps.map((map) => ({
    ...map,
    snapshots: map.layouts.shape[0],
    layouts: unpack(map.layouts),
    clusters: unpack(map.clusters),
  }));
  const predicted = unpack(data.predicted), confidence = unpack(data.confidence);
  const placeOf = new Map(data.samples.map((sample, place) => [sample, place]));
  const packedColor = (hex) => ((parseInt(hex.slice(1), 16) << 8) | 0xff) >>> 0;
  const palette = data.colors.map(packedColor), verdict = [packedColor(WRONG), packedColor(RIGHT)];

  const state = {
    position: 0, // in snapshots; between two of them the dots are on their way
    playing: false,
    speed: 2.5,
    color: "label",
    hidden: new Set(), // classes
    wrong: false,
    drag: matchMedia("(pointer: coarse)").matches ? "none" : "lasso",
    dark: matchMedia("(prefers-color-scheme: dark)").matches,
  };
  let painted = -1; // the snapshot whose colours and texts are on the page
  let visible = new Uint8Array(samples).fill(1);

  // Page around the figures
  const panel = (place, kind, title) => {
    const figure = document.createElement("figure");
    figure.innerHTML = `<figcaption><b></b><span></span></figcaption><div class="plot" id="${kind}${place}"></div>`;
    figure.querySelector("b").textContent = title;
    figure.querySelector("b").title = title;
    $(kind === "map" ? "maps" : "curves").append(figure);
    return figure.querySelector("span");
  };
  const scores = maps.map((map, place) => panel(place, "map", map.name));
  const values = data.curves.map((title, place) => panel(place, "curve", title));
  $("count").textContent =
    samples < data.total
      ? `${samples} of ${data.total} evaluation images, drawn at random: all would be too slow to move`
      : `${samples} evaluation images`;
  if (!data.aligned)
    $("count").textContent += " · each snapshot's layout starts anew: read positions, not movements";
  $("slider").max = last;
  const { sprite } = data;
  const style = document.createElement("style");
  style.textContent = `.image { background-image: url("${sprite.url}"); }`;
  document.head.append(style);

  function image(place, side) {
    const scale = side / Math.max(sprite.width, sprite.height);
    const [width, height] = [sprite.width * scale, sprite.height * scale];
    const [column, row] = [place % sprite.columns, Math.floor(place / sprite.columns)];
    const element = document.createElement("span");
    element.className = "image";
    Object.assign(element.style, {
      width: `${width}px`,
      height: `${height}px`,
      boxSizing: "content-box",
      backgroundSize: `${sprite.columns * width}px ${sprite.rows * height}px`,
      backgroundPosition: `${-column * width}px ${-row * height}px`,
    });
    return element;
  }

  // Figures
  const docid = "explorer";
  const elements = Object.fromEntries(Object.entries(data.roots).map(([name, id]) => [id, $(name)]));
  await Bokeh.embed.embed_items({ [docid]: read("document") }, [
    { docid, roots: elements, root_ids: Object.keys(elements) },
  ]);
  const bokeh = Bokeh.documents[0];
  const model = (name) => bokeh.get_model_by_name(name);
  const source = model("samples");
  // Telling Bokeh that the source changed would draw all maps, some frames late and others never. Asking each map that
  // moves to take the new places, and to paint once it has, draws each frame once.
  const views = maps.map((_, place) => Bokeh.index.get_by_id(data.roots[`map${place}`]));
  const dots = views.map((view) => [...view.renderer_views.values()].find((renderer) => "update_data" in renderer));
  const moving = maps.map((map) => map.snapshots > 1);
  const plots = maps.map((_, place) => model(`map${place}`));
  const curves = data.curves.map((_, place) => model(`curve${place}`));
  const column = (name) => source.get_column(name);
  const xs = maps.map((_, place) => column(`x${place}`));
  const ys = maps.map((_, place) => column(`y${place}`));
  const colors = maps.map((_, place) => column(`color${place}`));

  const snapshot = () => Math.round(state.position);

  function findVisible() {
    const at = snapshot() * samples;
    for (let i = 0; i < samples; i++) {
      const label = data.labels[i];
      visible[i] = !state.hidden.has(label) && !(state.wrong && predicted[at + i] === label);
    }
  }

  function moveDots() {
    const from = Math.floor(state.position), part = state.position - from;
    const share = part * part * (3 - 2 * part); // eases out of one snapshot and into the next
    maps.forEach((map, place) => {
      const first = Math.min(from, map.snapshots - 1), second = Math.min(from + 1, map.snapshots - 1);
      const [x, y, { layouts }] = [xs[place], ys[place], map];
      for (let i = 0, a = first * samples * 2, b = second * samples * 2; i < samples; i++, a += 2, b += 2) {
        x[i] = visible[i] ? (layouts[a] + share * (layouts[b] - layouts[a])) / STEPS : NaN;
        y[i] = (layouts[a + 1] + share * (layouts[b + 1] - layouts[a + 1])) / STEPS;
      }
    });
  }

  function paintDots() {
    const at = snapshot() * samples;
    maps.forEach((map, place) => {
      const [paint, start] = [colors[place], Math.min(snapshot(), map.snapshots - 1) * samples];
      for (let i = 0; i < samples; i++) {
        const label = data.labels[i];
        if (state.color === "label") paint[i] = palette[label];
        else if (state.color === "prediction") paint[i] = palette[predicted[at + i]];
        else if (state.color === "right") paint[i] = verdict[Number(predicted[at + i] === label)];
        else paint[i] = map.clusters[start + i] < 0 ? GREY : palette[map.clusters[start + i]];
      }
    });
  }

  const shown = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));

  function describe(place) {
    const at = snapshot() * samples + place, label = data.labels[place];
    const wrong = predicted[at] !== label;
    return { label: data.names[label], guess: data.names[predicted[at]], sure: `${confidence[at]} %`, wrong };
  }

  function showSelection() {
    const chosen = source.selected.indices;
    $("selection").hidden = chosen.length === 0;
    if (!chosen.length) return;
    const wrong = chosen.filter((place) => describe(place).wrong).length;
    const [title, note] = $("selection").children, thumbs = $("thumbs"), scrolled = thumbs.scrollLeft;
    const more = chosen.length > MOST_CARDS ? ` · the first ${MOST_CARDS}` : "";
    title.textContent = `${chosen.length} selected`;
    note.textContent = `${wrong} misclassified at epoch ${data.epochs[snapshot()]}${more} · true → predicted`;
    const cards = [];
    for (const place of chosen.slice(0, MOST_CARDS)) {
      const { label, guess, sure, wrong } = describe(place);
      const card = document.createElement("div");
      card.className = "card";
      card.append(image(place, 44));
      for (const [text, kind] of [[`${label} → ${guess}`, wrong ? "wrong" : ""], [sure, ""], [`#${data.samples[place]}`, "note"]]) {
        const line = document.createElement("div");
        line.textContent = text;
        line.className = kind;
        card.append(line);
      }
      cards.push(card);
    }
    thumbs.replaceChildren(...cards);
    thumbs.scrollLeft = scrolled;
  }

  function showTexts() {
    const now = snapshot();
    maps.forEach((map, place) => (scores[place].textContent = `ARI ${shown(map.rand[Math.min(now, map.snapshots - 1)])}`));
    values[0].textContent = shown(data.accuracy[now]);
    curves.forEach((_, place) => (model(`now${place}`).location = data.epochs[now]));
    showSelection();
  }

  function update(everything = false) {
    const now = snapshot();
    const moved = now !== painted;
    if (everything || (moved && state.wrong)) findVisible();
    if (everything || (moved && state.color !== "label")) paintDots();
    moveDots();
    const all = everything || (moved && (state.wrong || state.color !== "label"));
    views.forEach((view, place) => {
      if (all || moving[place]) dots[place].update_data().then(() => view.paint());
    });
    if (everything || moved) showTexts();
    painted = now;
    $("slider").value = state.position;
    const from = Math.floor(state.position);
    $("epoch").textContent =
      state.position === from
        ? `epoch ${data.epochs[from]} of ${data.epochs[last]}`
        : `epoch ${data.epochs[from]} → ${data.epochs[from + 1]}`;
    $("slider").setAttribute("aria-valuetext", $("epoch").textContent);
    if (!state.playing) remember();
  }

  // Time
  const frames = [];
  let before = 0;
  function tick(time) {
    if (!state.playing) return;
    frames.push(time);
    if (frames.length > 600) frames.shift();
    // A pause of the browser is no reason to jump.
    state.position = Math.min(last, state.position + (Math.min(time - before, 100) / 1000) * state.speed);
    before = time;
    if (state.position === last) play(false);
    else {
      update();
      requestAnimationFrame(tick);
    }
  }

  function play(on) {
    if (on && state.position >= last) state.position = 0;
    state.playing = on && last > 0;
    $("play").textContent = state.playing ? "❚❚ Pause" : "▶ Play";
    if (state.playing) {
      frames.length = 0;
      before = performance.now();
      requestAnimationFrame(tick);
    } else goTo(snapshot());
  }

  function goTo(position) {
    state.position = Math.min(last, Math.max(0, position));
    update();
  }

  function stepTo(position) {
    if (state.playing) play(false);
    goTo(Math.round(position));
  }

  // Link
  function remember() {
    const link = new URLSearchParams({ epoch: data.epochs[snapshot()] });
    if (state.color !== "label") link.set("color", state.color);
    if (state.hidden.size) link.set("hidden", [...state.hidden].sort((a, b) => a - b).join());
    if (state.wrong) link.set("wrong", 1);
    if (state.speed !== 2.5) link.set("speed", state.speed);
    const chosen = source.selected.indices;
    if (chosen.length) link.set("samples", chosen.map((place) => data.samples[place]).join());
    try {
      history.replaceState(null, "", `#${link.toString().replaceAll("%2C", ",")}`);
    } catch {
      // Within a report the page has no address of its own, and no link.
    }
  }

  function restore() {
    const link = new URLSearchParams(location.hash.slice(1));
    const numbers = (key) => (link.get(key) ?? "").split(",").filter(Boolean).map(Number);
    const epoch = Number(link.get("epoch") ?? 0);
    const distance = data.epochs.map((known) => Math.abs(known - epoch));
    state.position = Math.max(0, distance.indexOf(Math.min(...distance)));
    state.color = [...$("color").options].some(({ value }) => value === link.get("color")) ? link.get("color") : "label";
    state.hidden = new Set(numbers("hidden").filter((label) => label in data.names));
    state.wrong = link.get("wrong") === "1";
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
    if (data.pixels) entries.push(["raw pixels", muted, "dashed"]);
    $("layers").replaceChildren(
      "Curves over epochs: ",
      ...entries.map(([name, color, dash]) => {
        const entry = document.createElement("span");
        entry.innerHTML = '<i class="dash"></i>';
        entry.firstChild.style.borderTop = `3px ${dash} ${color}`;
        entry.append(name);
        return entry;
      }),
    );
  }

  // Hover: Bokeh says what is under the pointer, in any map.
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
      [`predicted: ${guess}`, wrong ? "wrong" : ""],
      [`confidence: ${sure}`, ""],
      [`sample ${data.samples[place]}`, "note"],
      [`${data.sources[place]} in the data set`, "note"],
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
    const beside = pointer.clientX + 14 + width > innerWidth ? pointer.clientX - 14 - width : pointer.clientX + 14;
    tip.style.left = `${Math.max(4, beside)}px`;
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
    seek: (epoch) => {
      const distance = data.epochs.map((known) => Math.abs(known - epoch));
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
})();
