// The data, unpacked; the state of the view; and the elements of the page around the figures.
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

const samples = data.samples.length, last = data.times.length - 1;
const maps = data.maps.map((map) => ({
  ...map,
  snapshots: map.layouts.shape[0],
  layouts: unpack(map.layouts),
  clusters: unpack(map.clusters),
}));
// null where nobody knows what the network predicts, or how sure it is.
const predicted = data.predicted && unpack(data.predicted), confidence = data.confidence && unpack(data.confidence);
const placeOf = new Map(data.samples.map((sample, place) => [sample, place]));
const packedColor = (hex) => ((parseInt(hex.slice(1), 16) << 8) | 0xff) >>> 0;
const palette = data.colors.map(packedColor), verdict = [packedColor(WRONG), packedColor(RIGHT)];

const state = {
  position: 0, // in snapshots; 1.5 is half way from the second snapshot to the third
  playing: false,
  speed: 2.5,
  color: "label",
  hidden: new Set(), // classes
  wrong: false,
  drag: matchMedia("(pointer: coarse)").matches ? "none" : "lasso",
  dark: matchMedia("(prefers-color-scheme: dark)").matches,
};
let painted = -1; // the snapshot whose colours and texts the page shows
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
    ? `${samples} of ${data.total} evaluation samples, drawn at random: all would be too slow to move`
    : `${samples} evaluation samples`;
if (!data.aligned)
  $("count").textContent += " · each snapshot's layout starts from scratch: read positions, not movements";
$("slider").max = last;
if (!predicted) {
  for (const option of [...$("color").options])
    if (["prediction", "right"].includes(option.value)) option.remove();
  $("wrong").closest("label").hidden = true;
  $("count").textContent += " · what the network predicts is not known";
}
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
