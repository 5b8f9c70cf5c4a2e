// What a person sees of a sample: its image, its text or its row, and what is known and predicted of it.
const MOST_NAMES = 8, MOST_ATTRIBUTES = 12, CARD_TEXT = 120, CARD_ROWS = 4, MOST_LABELS_IN_CARD = 2;
const { sprite, texts } = data;
const rows = data.rows && {
  names: data.rows.names,
  shown: data.rows.values.shape[1],
  values: unpack(data.rows.values),
  columns: data.rows.columns && unpack(data.rows.columns),
};
// Lines and letters are drawn finely, and are shown larger than small photographs and digits.
const isDrawn = data.kind !== "images";
if (sprite) {
  const style = document.createElement("style");
  style.textContent = `.image { background-image: url("${sprite.url}"); }`;
  document.head.append(style);
}

// Flatter or narrower images than this, so many to one, are stretched: they would be no thicker than a hair.
const FLATTEST = 6;

function image(place, side) {
  const longest = Math.max(sprite.width, sprite.height);
  const [width, height] = [sprite.width, sprite.height].map((size) => side * Math.max(size / longest, 1 / FLATTEST));
  const [column, row] = [place % sprite.columns, Math.floor(place / sprite.columns)];
  const element = document.createElement("span");
  element.className = isDrawn ? "image drawn" : "image";
  Object.assign(element.style, {
    width: `${width}px`,
    height: `${height}px`,
    boxSizing: "content-box",
    backgroundSize: `${sprite.columns * width}px ${sprite.rows * height}px`,
    backgroundPosition: `${-column * width}px ${-row * height}px`,
  });
  return element;
}

const cut = (text, length) => (text.length <= length ? text : `${text.slice(0, length - 1).trimEnd()}…`);

function listed(names, most) {
  if (!names.length) return "none";
  return names.slice(0, most).join(", ") + (names.length > most ? ` and ${names.length - most} more` : "");
}

// The values of a row, column by column; of wide tables the most unusual ones.
function rowTable(place, most) {
  const table = document.createElement("table"), count = Math.min(most, rows.shown);
  for (let i = 0; i < count; i++) {
    const at = place * rows.shown + i;
    const line = table.insertRow();
    line.append(make("th", rows.names[rows.columns ? rows.columns[at] : i]), make("td", number(rows.values[at])));
  }
  const more = rows.names.length - count;
  if (more > 0) {
    const end = make("th", `and ${more} more`);
    end.colSpan = 2;
    table.insertRow().append(end);
  }
  return table;
}

// What the sample itself looks like, large under the pointer and small in a card.
function look(place, large) {
  const seen = [];
  if (sprite) seen.push(image(place, large ? (isDrawn ? 128 : 84) : isDrawn ? 88 : 44));
  if (texts) seen.push(make("div", cut(texts[place], large && !sprite ? Infinity : CARD_TEXT) || "(no text)", "text"));
  if (rows) seen.push(rowTable(place, large ? Infinity : CARD_ROWS));
  return seen;
}

const signed = (value) => (value > 0 ? `+${number(value)}` : number(value));
const percent = (step) => `${Math.round((100 * (step + 0.5)) / 256)} %`;

// What is known and predicted of a sample at the snapshot: texts by what they say, and whether the network is wrong.
function outcome(place, mostNames = MOST_NAMES) {
  const at = snapshot() * samples, found = { wrong: false };
  if (isKind("number")) {
    found.label = number(labels[place]);
    if (predicted) {
      found.guess = number(predicted[at + place]);
      found.error = signed(predicted[at + place] - labels[place]);
    }
  } else if (isKind("labels")) {
    found.label = listed(data.names.filter((_, label) => held(place, label)), mostNames);
    if (predicted) {
      found.guess = listed(data.names.filter((_, label) => probability(place, at, label) >= HALF), mostNames);
      found.sure = percent(probability(place, at));
      found.wrong = isWrong(place, at);
    }
  } else {
    if (labels) found.label = data.names[labels[place]];
    if (predicted) found.guess = data.names[predicted[at + place]];
    if (confidence) found.sure = `${confidence[at + place]} %`;
    found.wrong = Boolean(labels && predicted && predicted[at + place] !== labels[place]);
  }
  return found;
}

// The lines below the pointer: each a text and its look.
function describe(place) {
  const { label, guess, sure, error, wrong } = outcome(place), lines = [], mark = wrong ? "wrong" : "";
  const name = data.target_name ? `true ${data.target_name}` : isKind("labels") ? "true labels" : "true";
  if (label !== undefined) lines.push([`${name}: ${label}`, ""]);
  if (guess !== undefined) lines.push([`predicted: ${guess}`, isKind("labels") ? "" : mark]);
  if (error !== undefined) lines.push([`error: ${error}`, ""]);
  if (sure !== undefined)
    lines.push(isKind("labels") ? [`${data.names[state.pick]}: ${sure}`, mark] : [`confidence: ${sure}`, ""]);
  const attributes = columns.filter(({ key }) => key.startsWith("attribute:"));
  for (const column of attributes.slice(0, MOST_ATTRIBUTES)) {
    const value = column.values ? number(column.values[place]) : (column.names[column.codes[place]] ?? "–");
    lines.push([`${column.title}: ${value}`, ""]);
  }
  if (attributes.length > MOST_ATTRIBUTES) lines.push([`and ${attributes.length - MOST_ATTRIBUTES} more`, ""]);
  const source = data.sources[place];
  lines.push([`sample ${data.samples[place]}`, "note"], [hasIds ? source : `${source} in the data set`, "note"]);
  return lines;
}

function card(place) {
  const { label, guess, sure, wrong } = outcome(place, MOST_LABELS_IN_CARD);
  const element = make("div", "", texts || rows ? "card wide" : "card");
  element.append(...look(place, false));
  const verdict = label === undefined ? guess : guess === undefined ? label : `${label} → ${guess}`;
  const certainty = sure && isKind("labels") ? `${data.names[state.pick]}: ${sure}` : sure;
  for (const [text, kind] of [[verdict, wrong ? "wrong" : ""], [certainty, ""], [`#${data.samples[place]}`, "note"]])
    if (text !== undefined) element.append(make("div", text, kind));
  return element;
}

// How well the network does on some samples, and how the cards write it.
function summary(places) {
  const at = snapshot() * samples, when = `at ${data.unit} ${data.times[snapshot()]}`, pair = "true → predicted";
  if (!predicted) return [when];
  if (isKind("number")) {
    const errors = places.map((place) => Math.abs(predicted[at + place] - labels[place]));
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
    return [`mean absolute error ${number(mean)} ${when}`, pair];
  }
  if (isKind("none")) return [`predicted ${when}`];
  const wrong = places.filter((place) => isWrong(place, at)).length;
  const of = isKind("labels") ? ` of ${data.names[state.pick]}` : "";
  return [`${wrong} misclassified${of} ${when}`, pair];
}

function showSelection() {
  const chosen = source.selected.indices;
  $("selection").hidden = chosen.length === 0;
  if (!chosen.length) return;
  const more = chosen.length > MOST_CARDS ? `the first ${MOST_CARDS}` : "";
  const [title, note] = $("selection").children, thumbs = $("thumbs"), scrolled = thumbs.scrollLeft;
  title.textContent = `${chosen.length} selected`;
  const [first, ...others] = summary(chosen);
  note.textContent = [first, more, ...others].filter(Boolean).join(" · ");
  thumbs.replaceChildren(...chosen.slice(0, MOST_CARDS).map(card));
  thumbs.scrollLeft = scrolled;
}
