// The maps over time. Bokeh draws the dots, finds those under the pointer and links the selection; this moves them.

// Figures
const docid = "explorer";
const elements = Object.fromEntries(Object.entries(data.roots).map(([name, id]) => [id, $(name)]));
await Bokeh.embed.embed_items({ [docid]: read("document") }, [
  { docid, roots: elements, root_ids: Object.keys(elements) },
]);
const bokeh = Bokeh.documents[0];
const model = (name) => bokeh.get_model_by_name(name);
const source = model("samples");
// Each moving map is asked to read the new positions and then to paint, so that each frame is drawn once. If Bokeh were
// told that the source changed, it would draw all maps, some of them late, and skip frames.
const views = maps.map((_, place) => Bokeh.index.get_by_id(data.roots[`map${place}`]));
const dots = views.map((view) => [...view.renderer_views.values()].find((renderer) => "update_data" in renderer));
const moving = maps.map((map) => map.snapshots > 1);
const plots = maps.map((_, place) => model(`map${place}`));
const curves = data.curves.map((_, place) => model(`curve${place}`));
const column = (name) => source.get_column(name);
const xs = maps.map((_, place) => column(`x${place}`));
const ys = maps.map((_, place) => column(`y${place}`));
const colors = maps.map((_, place) => column(`color${place}`));

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

// As the figures write it: 1 only where it is perfect.
function shown(value) {
  if (value === null || value === undefined) return "–";
  const text = value.toFixed(2);
  return text === "1.00" && value < 1 ? ">0.99" : text.replace("-", "−");
}
// 0 only where nothing is right.
const shownScore = (value) => (value > 0 && value < 0.005 ? "<0.01" : shown(value));

function showTexts() {
  const now = snapshot();
  maps.forEach((map, place) => {
    scores[place].textContent = `${data.map_score} ${shown(map.scores[Math.min(now, map.snapshots - 1)])}`;
  });
  if (data.score.length) values[0].textContent = shownScore(data.score[now]);
  curves.forEach((_, place) => (model(`now${place}`).location = data.places[now]));
  showSelection();
}

function update(everything = false) {
  const now = snapshot();
  const moved = now !== painted;
  const filters = moved && (state.wrong || columns.some((column) => column.changing && isFiltered(column)));
  const paints = moved && coloring().changing;
  if (everything || filters) findVisible();
  if (everything || paints) paintDots();
  moveDots();
  const all = everything || filters || paints;
  views.forEach((view, place) => {
    if (all || moving[place]) dots[place].update_data().then(() => view.paint());
  });
  if (everything || moved) showTexts();
  painted = now;
  $("slider").value = state.position;
  const from = Math.floor(state.position);
  $("time").textContent =
    state.position === from
      ? `${data.unit} ${data.times[from]} of ${data.times[last]}`
      : `${data.unit} ${data.times[from]} → ${data.times[from + 1]}`;
  $("slider").setAttribute("aria-valuetext", $("time").textContent);
  if (!state.playing) remember();
}

// Time
const frames = [];
let before = 0;
function tick(time) {
  if (!state.playing) return;
  frames.push(time);
  if (frames.length > 600) frames.shift();
  // A long pause of the browser counts as a short one, so that the dots do not jump.
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
