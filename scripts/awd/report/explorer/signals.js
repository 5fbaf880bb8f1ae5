// Shows all that is known of the sample that is selected, and says why it was predicted so.
let last;

// The sentence: how far from the usual, what moved it there most, and what held it back.
const why = (k, {samples, features, text}) => {
  const data = samples.data, n = data.observed.length, digits = text.digits;
  const said = data.said[k * text.by.length], usual = data.usual[k], gap = said - usual;
  const added = Array.from(rowOf(data.added, k, n)), value = rowOf(data.value, k, n);
  const order = [...added.keys()].sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]));
  const typical = (f) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += data.value[j * added.length + f];
    return sum / n;
  };
  const told = (f) => `the <i>${features.data.name[f]}</i> is ${number(value[f], 2)}, ` +
    `on average ${number(typical(f), 2)} (${added[f] < 0 ? "takes away" : "adds"} ` +
    `${number(Math.abs(added[f]), digits)})`;
  const toward = order.filter((f) => added[f] * gap > 0).slice(0, 2);
  const against = order.filter((f) => added[f] * gap < 0).slice(0, 1);
  const sum = added.reduce((a, b) => a + b, usual);
  const held = Math.abs(sum - said) > 0.6 * 10 ** -digits
    ? ` The curves sum to ${number(sum, digits)}: its answer stays within what it was fitted to.` : "";
  return `Predicted <b>${number(said, digits)}</b>: ${number(Math.abs(gap), digits)} ` +
    `${gap < 0 ? "below" : "above"} the usual ${number(usual, digits)}` +
    (toward.length ? `, mostly because ${toward.map(told).join(", and ")}` : "") +
    (against.length ? `. Most against it: ${against.map(told).join("")}` : "") + `.${held}`;
};

const words = (k, near, args) => {
  const {samples, text} = args, data = samples.data, people = text.by.length;
  const observed = (j) => number(data.observed[j], text.digits);
  const others = text.by.slice(1)
    .map((name, j) => `${name} predicts ${number(data.said[k * people + j + 1], text.digits)}`);
  return `<b>${text.names[k]}</b><br>${why(k, args)}<br>Observed ${text.target}: ` +
    `<b>${observed(k)}</b>. ${others.join(", ")}.<br>In grey: ${near.length} of like ` +
    `prediction, observed ${near.map(observed).join(", ")}.`;
};

// Per window: the trace and its neighbours, the gradient, and what was picked where.
const windows = (k, near, {samples, features, spans, now, text, shades}) => {
  const data = samples.data, n = data.observed.length;
  const added = rowOf(data.added, k, n), place = rowOf(data.place, k, n);
  const largest = Math.max(...added.map(Math.abs)) || 1;
  const shade = (a, most) => shades[Math.round(127.5 * (1 + Math.max(-1, Math.min(1, a / most))))];
  const time = data.x.length / n / text.windows.length;
  const every = Array.from({length: time}, (_, t) => t);
  const where = new Map(), rows = [];
  spans.data.band.forEach((band, row) => {
    where.set(`${band} ${spans.data.index[row]}`, row);
    if (!rows.includes(band)) rows.push(band);
  });
  text.shown.forEach((channel, slot) => {
    const cut = (column, k) =>
      Array.from(rowOf(data[column], k, n)).slice(channel * time, (channel + 1) * time);
    now["trace" + slot].data = {x: every, y: cut("x", k)};
    now["near" + slot].data = {xs: near.map(() => every), ys: near.map((j) => cut("x", j))};
    if (data.gradient) {
      const says = cut("gradient", k);
      const most = Math.max(...rowOf(data.gradient, k, n).map(Math.abs)) || 1;
      now["says" + slot].data = {x: every, y: says, colour: says.map((a) => shade(a, most))};
    }
    const picks = {x0: [], x1: [], y: [], x: [], colour: [], name: [], added: []};
    features.data.kind.forEach((kind, f) => {
      if (features.data.channel[f] !== channel || kind === "position") return;
      const whole = !["largest", "smallest", "start"].includes(kind);
      const row = whole ? undefined : where.get(`${features.data.band[f]} ${place[f]}`);
      if (row === undefined) return;
      picks.x0.push(spans.data.begin[row]);
      picks.x1.push(spans.data.end[row]);
      picks.x.push(spans.data.centre[row]);
      picks.y.push(rows.indexOf(features.data.band[f]));
      picks.colour.push(shade(added[f], largest));
      picks.name.push(features.data.name[f]);
      picks.added.push(added[f]);
    });
    now["picks" + slot].data = picks;
  });
  return (f) => shade(added[f], largest);
};

// The bars of what moved this prediction most, and the curve behind the one that is chosen.
const parts = (k, from, colour, {samples, features, now, sizes, plots}) => {
  const data = samples.data, n = data.observed.length, bars = now.bars;
  const added = rowOf(data.added, k, n), value = rowOf(data.value, k, n);
  const chosen = bars.selected.indices[0];
  let f = from === bars.selected && chosen !== undefined ? bars.data.feature[chosen] : undefined;
  if (f === undefined) {
    const most = Array.from(added.keys()).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]))
      .slice(0, sizes.most);
    f = most[0];
    bars.data = {
      y: most.map((_, row) => row), right: most.map((j) => added[j]), left: most.map(() => 0),
      colour: most.map(colour), feature: most,
      name: most.map((j) => features.data.name[j]), value: most.map((j) => value[j]),
    };
    plots.bars.left[0].major_label_overrides =
      new Map(most.map((j, row) => [row, features.data.name[j]]));
    if (bars.selected.indices.length && from !== bars.selected) bars.selected.indices = [];
  }
  const points = features.data.at.length / features.data.kind.length;
  const curve = (column) => Array.from(features.data[column].slice(f * points, (f + 1) * points));
  now.curve.data = {x: curve("at"), y: curve("adds")};
  now.dot.data = {x: [value[f]], y: [added[f]]};
  plots.curve.title.text = features.data.name[f].replace(", ", "\n");
};

export default (args, from) => {
  const {samples, now, by, words: div, text, sizes} = args;
  const data = samples.data, n = data.observed.length, people = text.by.length;
  const said = (k, who) => data.said[k * people + who];
  const chosen = samples.selected.indices, reason = now.unasked.data.reason[0];
  if (from === by) {
    const who = Math.max(0, text.by.indexOf(by.value));
    samples.data = {...data, predicted: Array.from({length: n}, (_, k) => said(k, who))};
  }
  if (reason && (from === now.unasked || !chosen.length)) {
    if (chosen.length) samples.selected.indices = [];  // which comes back here
    args.read.visible = false;  // no older reasons beside it
    div.text = reason;
    return;
  }
  const order = Array.from({length: n}, (_, k) => k);
  if (!chosen.length) {  // a click beside all points: what was chosen stays
    // At first one is shown that is well above the middle.
    last ??= order.toSorted((a, b) => said(a, 0) - said(b, 0))[Math.floor(0.9 * (n - 1))];
    samples.selected.indices = [last];  // which comes back here
    return;
  }
  if (reason) now.unasked.data = {reason: [""]};
  args.read.visible = true;
  const k = last = chosen[0];
  const near = order.filter((j) => j !== k)
    .sort((a, b) => Math.abs(said(a, 0) - said(k, 0)) - Math.abs(said(b, 0) - said(k, 0)))
    .slice(0, sizes.near);
  parts(k, from, windows(k, near, args), args);
  div.text = words(k, near, args);
};
