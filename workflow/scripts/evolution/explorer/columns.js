// What dots are coloured and filtered by: the target, what the network predicts, and the samples' attributes.
// A column has categories (names, codes, colors) or numbers (values, scale).
const packedColor = (hex, alpha = 0xff) => ((parseInt(hex.slice(1), 16) << 8) | alpha) >>> 0;
const RIGHT = "#3f90da", WRONG = "#ff8c1a", HELD = "#3f90da", MISSING = "#808080";
// Of hundreds of categories, those that are not picked step back.
const GREY = packedColor(MISSING), FAINT = packedColor(MISSING, 0x30);
const verdict = [packedColor(WRONG), packedColor(RIGHT)];
const clusterColors = data.cluster_colors.map((color) => packedColor(color));
const ramps = Object.fromEntries(
  Object.entries(data.ramp).map(([theme, colors]) => [theme, colors.map((color) => packedColor(color))]),
);
const HALF = 128; // the step from which a label is predicted

const truth = `true ${data.target_name || (isKind("classes") ? "class" : "number")}`;
const columns = [];
if (isKind("classes"))
  columns.push({ key: "label", title: truth, names: data.names, codes: labels, colors: data.colors,
    given: data.given_colors });
if (isKind("number")) columns.push({ key: "label", title: truth, values: labels, scale: data.scale });
if (isKind("labels")) columns.push({ key: "label", title: "label", colors: [HELD, MISSING] });
if (isKind("none") && predicted)
  columns.push({ key: "prediction", title: "prediction", names: data.names, codes: predicted, colors: data.colors });
for (const attribute of data.attributes)
  columns.push({
    ...attribute,
    key: `attribute:${attribute.name}`,
    title: attribute.name,
    codes: attribute.codes && unpack(attribute.codes),
    values: attribute.values && unpack(attribute.values),
  });
const columnOf = (key) => columns.find((column) => column.key === key);
for (const column of columns) {
  column.changing = column.key === "prediction";
  column.hidden = new Set(); // categories
  column.rest = true; // whether categories that are not picked are shown
  column.picked = column.usual = [];
  column.least = column.most = null;
}

// Of several labels one is picked: dots have it or not.
function pickLabel(label) {
  state.pick = label;
  const column = columns[0], name = data.names[label];
  column.names = [`with ${name}`, `without ${name}`];
  column.codes = Uint8Array.from({ length: samples }, (_, i) => Number(!held(i)));
}
const held = (i, label = state.pick) => labels[i * data.names.length + label] === 1;
const probability = (i, at, label = state.pick) => predicted[(at + i) * data.names.length + label];
if (isKind("labels")) {
  const counts = new Array(data.names.length).fill(0);
  labels.forEach((one, at) => (counts[at % counts.length] += one));
  $("pick").replaceChildren(...data.names.map((name, label) => new Option(`${name} (${counts[label]})`, label)));
  pickLabel(counts.indexOf(Math.max(...counts)));
}
const usualLabel = state.pick;

// Hundreds of categories: those that were given a colour and the largest have one, until others are picked in their place.
const isMany = (column) => Boolean(column.names) && column.names.length > data.most_categories;
for (const column of columns.filter(isMany)) {
  const sizes = new Array(column.names.length).fill(0);
  const start = column.changing ? last * samples : 0;
  for (let i = 0; i < samples; i++) if (column.codes[start + i] >= 0) sizes[column.codes[start + i]]++;
  const largest = sizes.map((size, code) => [size, code]).sort((a, b) => b[0] - a[0] || a[1] - b[1]);
  const given = Object.keys(column.given ?? {}).map(Number);
  const others = largest.map(([, code]) => code).filter((code) => !given.includes(code));
  column.usual = [...given, ...others].slice(0, column.colors.length);
  column.picked = [...column.usual];
  column.turn = column.picked.length - 1;
}

// A new pick takes the first colour that is free, or that of another, from the last on.
function pickCategory(column, code) {
  column.hidden.delete(code);
  if (column.picked.includes(code)) return;
  const free = column.picked.indexOf(null);
  column.picked[free < 0 ? column.turn : free] = code;
  if (free < 0) column.turn = (column.turn || column.picked.length) - 1;
}

const isWrong = (i, at) =>
  isKind("classes") ? predicted[at + i] !== labels[i] : (probability(i, at) >= HALF) !== held(i);

// The colour of a category: its own, or that of its place among the picked ones.
const colorOf = (column, code, slot = code) => column.given?.[code] ?? column.colors[slot];

// Colours of a column's categories; the last entry is for samples without one.
function lookup(column) {
  const table = new Uint32Array(column.names.length + 1).fill(isMany(column) ? FAINT : GREY);
  const colored = isMany(column) ? column.picked : column.names.keys();
  let slot = 0;
  for (const code of colored) {
    if (code !== null) table[code] = packedColor(colorOf(column, code, slot));
    slot++;
  }
  return table;
}
const entry = (table, code) => table[code < 0 || code >= table.length ? table.length - 1 : code];

function onRamp(value, { low, high }) {
  if (Number.isNaN(value)) return GREY;
  const ramp = ramps[state.dark ? "dark" : "light"];
  const share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0.5;
  return ramp[Math.round(share * (ramp.length - 1))];
}

// The ways to colour dots that this run has. Each gives the colour of dot i, where `at` is the snapshot's first entry;
// `scale` is what the legend shows of numbers, and `open` whether values may lie beyond it.
const SHARE = { low: 0, high: 1, least: 0, most: 1 };
const colorings = [];
function addColoring(value, title, changing, painter, scale = null, open = false) {
  colorings.push({ value, title, changing, painter, scale, open });
}
const byCategory = (column) => () => {
  const table = lookup(column);
  return (i, at) => entry(table, column.codes[column.changing ? at + i : i]);
};
const byNumber = (column) => () => (i) => onRamp(column.values[i], column.scale);
const target = columnOf("label");
const byColumn = (column) => (column.values ? byNumber(column) : byCategory(column));
if (target) addColoring("label", target.title, false, byColumn(target), target.scale);
addColoring("cluster", "k-means cluster", true, null);
if (predicted) {
  if (isKind("classes")) {
    addColoring("prediction", "prediction", true, () => {
      const table = lookup(target);
      return (i, at) => entry(table, predicted[at + i]);
    });
  } else if (isKind("number")) {
    const guess = (i, at) => onRamp(predicted[at + i], data.scale);
    const error = (i, at) => onRamp(Math.abs(predicted[at + i] - labels[i]), data.error_scale);
    addColoring("prediction", "prediction", true, () => guess, data.scale, true);
    addColoring("error", "error (absolute)", true, () => error, data.error_scale);
  } else if (isKind("labels")) {
    const painter = () => (i, at) => onRamp((probability(i, at) + 0.5) / 256, SHARE);
    addColoring("prediction", "predicted probability", true, painter, SHARE);
  } else addColoring("prediction", "prediction", true, byCategory(columnOf("prediction")));
  if (isKind("classes", "labels"))
    addColoring("right", "right or wrong", true, () => (i, at) => verdict[Number(!isWrong(i, at))]);
}
for (const column of columns.filter(({ key }) => key.startsWith("attribute:")))
  addColoring(column.key, column.title, false, byColumn(column), column.scale);
const usualColor = colorings[0].value;
const coloring = () => colorings.find(({ value }) => value === state.color);

// The column whose filter the page shows.
const shownColumn = () => columnOf(state.filter) ?? columnOf(state.color) ?? columns[0];

// Whether the colours of the dots are those of the column's categories.
const isColoredBy = (column) =>
  column.key === state.color ||
  (column === target && isKind("classes") && ["prediction", "cluster"].includes(state.color));

const isFiltered = (column) => column.hidden.size > 0 || !column.rest || column.least !== null || column.most !== null;

function clearFilter(column) {
  column.hidden.clear();
  column.rest = true;
  column.least = column.most = null;
}

function findVisible() {
  const at = snapshot() * samples;
  visible.fill(1);
  for (const column of columns.filter(isFiltered)) {
    if (column.values) {
      const [least, most] = [column.least ?? -Infinity, column.most ?? Infinity];
      for (let i = 0; i < samples; i++) visible[i] &= column.values[i] >= least && column.values[i] <= most;
      continue;
    }
    const shows = new Uint8Array(column.names.length + 1).fill(1);
    if (!column.rest) {
      shows.fill(0);
      for (const code of column.picked) if (code !== null) shows[code] = 1;
    }
    for (const code of column.hidden) shows[code < 0 ? column.names.length : code] = 0;
    const start = column.changing ? at : 0;
    for (let i = 0; i < samples; i++) visible[i] &= entry(shows, column.codes[start + i]);
  }
  if (state.wrong) for (let i = 0; i < samples; i++) visible[i] &= isWrong(i, at);
}

function paintDots() {
  const now = snapshot(), at = now * samples;
  const painter = coloring().painter?.();
  const table = target && isKind("classes") && isMany(target) ? lookup(target) : clusterColors;
  const one = painter && Uint32Array.from({ length: samples }, (_, i) => painter(i, at));
  maps.forEach((map, place) => {
    const [paint, start] = [colors[place], Math.min(now, map.snapshots - 1) * samples];
    for (let i = 0; i < samples; i++) {
      const cluster = map.clusters[start + i];
      paint[i] = one ? one[i] : cluster < 0 ? GREY : (table[cluster] ?? FAINT);
    }
  });
}
