// The data, unpacked; the state of the view; and the elements of the page around the figures.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const $ = (id) => document.getElementById(id);
const data = read("data");
const TYPES = {
  int16: Int16Array,
  int32: Int32Array,
  uint8: Uint8Array,
  float32: Float32Array,
  float64: Float64Array,
};
const STEPS = 32767;
const MOST_CARDS = 60;

function unpack(array) {
  const letters = atob(array.bytes), bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new TYPES[array.type](bytes.buffer);
}

const samples = data.samples.length, last = data.times.length - 1;
const maps = data.maps.map((map) => ({
  ...map,
  snapshots: map.layouts.shape[0],
  layouts: unpack(map.layouts),
  clusters: unpack(map.clusters),
}));
// Classes (n), numbers (n), or 0 and 1 for each label (n, K); null where the samples have no target.
const labels = data.labels && (data.labels.bytes === undefined ? data.labels : unpack(data.labels));
// null where nobody knows what the network predicts, or how sure it is. Labels have 256 steps from 0 to 1.
const predicted = data.predicted && unpack(data.predicted), confidence = data.confidence && unpack(data.confidence);
const placeOf = new Map(data.samples.map((sample, place) => [sample, place]));
// A sample has an id of its own, or a position in the data set.
const hasIds = typeof data.sources[0] === "string";
const placeOfId = new Map(hasIds ? data.sources.map((id, place) => [id, place]) : []);

const state = {
  position: 0, // in snapshots; 1.5 is half way from the second snapshot to the third
  playing: false,
  speed: 2.5,
  color: "",
  pick: 0, // of several labels, the one that dots are coloured by
  filter: null, // the column whose filter is shown; null: the one that suits the colour
  wrong: false,
  drag: matchMedia("(pointer: coarse)").matches ? "none" : "lasso",
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
};
let painted = -1; // the snapshot whose colours and texts the page shows
const visible = new Uint8Array(samples).fill(1);

const snapshot = () => Math.round(state.position);
const isKind = (...targets) => targets.includes(data.target);

// Numbers as people read them: four digits, or as many as the whole part has.
function number(value) {
  if (Number.isNaN(value)) return "–";
  return String(Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(4))).replace("-", "−");
}

// An element with a text, which is never read as HTML.
function make(tag, text = "", kind = "") {
  const element = document.createElement(tag);
  element.textContent = text;
  if (kind) element.className = kind;
  return element;
}

// Page around the figures
const panel = (place, kind, title, whole = title) => {
  const figure = document.createElement("figure");
  figure.innerHTML = `<figcaption><b></b><span></span></figcaption><div class="plot" id="${kind}${place}"></div>`;
  figure.querySelector("b").textContent = title;
  figure.querySelector("b").title = whole;
  $(kind === "map" ? "maps" : "curves").append(figure);
  return figure.querySelector("span");
};
const scores = maps.map((map, place) => panel(place, "map", map.name));
const values = data.curves.map((title, place) => panel(place, "curve", title, data.curve_titles[place]));
$("count").textContent =
  samples < data.total
    ? `${samples} of ${data.total} evaluation samples, drawn at random: all would be too slow to move`
    : `${samples} evaluation samples`;
if (data.left_out)
  $("count").textContent += ` · the ${data.names.length} most common of ${data.names.length + data.left_out} labels`;
if (!data.aligned)
  $("count").textContent += " · each snapshot's layout starts from scratch: read positions, not movements";
$("slider").max = last;
if (!predicted && labels) $("count").textContent += " · what the network predicts is not known";
if (!predicted || !isKind("classes", "labels")) $("wrong").closest("label").hidden = true;
if (hasIds) {
  $("search").inputMode = "text";
  $("search").placeholder = "17, or an id";
}
