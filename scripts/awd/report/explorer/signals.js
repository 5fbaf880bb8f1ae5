// Shows all that is known of the sample that is selected, and says why it was predicted so.
let last;
const TITLE = 44;  // letters of a line above the curve

// Of a feature its value with its unit, and the mean of those of all that are shown.
const valued = (f, values, {features, text}) => {
  const unit = features.data.unit[f];
  return short(values[f]) + (unit ? " " + unit : "");
};

const why = (k, args) => {
  const {samples, features, text} = args;
  const data = samples.data, n = data.observed.length;
  const value = rowOf(data.value, k, n), usual = data.usual[k];
  const typical = (f) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += data.value[j * value.length + f];
    return sum / n;
  };
  return reasons({
    who: text.by[0], predicted: data.said[k * text.by.length], usual,
    added: Array.from(rowOf(data.added, k, n)), digits: text.digits, what: text.what,
    name: (f) => `the <i>${features.data.name[f]}</i>`,
    value: (f) => valued(f, value, args),
    typical: (f) => short(typical(f)),
  });
};

const words = (k, near, args) => {
  const {samples, by, text} = args, data = samples.data;
  const observed = (j) => text.labels[data.observed[j]] ?? number(data.observed[j], text.digits);
  const said = rowOf(data.said, k, data.observed.length);
  return `<b>${text.names[k]}</b><br>Observed ${text.target}: <b>${observed(k)}</b>. ` +
    `${why(k, args)}${beside(text.by, said, by.value, text.digits)}.<br>In grey below: ` +
    `${near.length} of like prediction, observed ${near.map(observed).join(", ")}.`;
};

// Per window: the trace and its neighbours, the gradient, and what was picked where.
const windows = (k, near, args) => {
  const {samples, features, spans, now, text, shades} = args;
  const data = samples.data, n = data.observed.length;
  const added = rowOf(data.added, k, n), place = rowOf(data.place, k, n);
  const value = rowOf(data.value, k, n);
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
    const picks = {x0: [], x1: [], y: [], x: [], colour: [], name: [], added: [],
      told: [], marker: []};
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
      picks.told.push(valued(f, value, args));
      picks.marker.push(text.markers[kind]);
    });
    now["picks" + slot].data = picks;
  });
  return (f) => shade(added[f], largest);
};

// A curve up to the value of this sample, where that is beyond what is drawn of it.
const reaching = (x, y, value, added) => {
  if (value < x[0]) return {x: [value, ...x], y: [added, ...y]};
  if (value > x.at(-1)) return {x: [...x, value], y: [...y, added]};
  return {x, y};
};

// The bars of what moved this prediction most, which sum to what moved it, and the
// curve behind the one that is chosen.
const parts = (k, from, colour, args) => {
  const {samples, features, now, sizes, plots, text} = args;
  const data = samples.data, n = data.observed.length, bars = now.bars;
  const added = rowOf(data.added, k, n), value = rowOf(data.value, k, n);
  const order = byLoudness(added);
  const most = order.slice(0, sizes.most), rest = order.slice(sizes.most);
  const chosen = from === bars.selected ? bars.data.feature[bars.selected.indices[0]] : undefined;
  const f = chosen >= 0 ? chosen : most[0];  // the bar of all others has no curve
  if (from !== bars.selected) {
    const [up, down] = upAndDown(rest.map((j) => added[j]));
    const last = rest.length ? [up + down] : [];
    const called = most.map((j) => features.data.name[j]);
    if (rest.length) {
      called.push(`the other ${rest.length}: ${signed(up, text.digits)} and ${signed(down, text.digits)}`);
    }
    const usual = data.usual[k], predicted = data.said[k * text.by.length];
    const {gap} = moved({predicted, usual, added, digits: text.digits});
    bars.data = {
      y: called.map((_, row) => row), right: [...most.map((j) => added[j]), ...last],
      left: called.map(() => 0), colour: [...most.map(colour), ...last.map(() => "#8a8a8a")],
      feature: [...most, ...last.map(() => -1)], name: called,
      told: [...most.map((j) => `is ${valued(j, value, args)}, adds`), ...last.map(() => "add together")],
    };
    plots.bars.left[0].major_label_overrides = new Map(called.map((name, row) => [row, name]));
    plots.bars.title.text = `the usual ${number(usual, text.digits)}, ` +
      `all parts ${signed(gap, text.digits)}`;
    if (bars.selected.indices.length) bars.selected.indices = [];
  }
  const points = features.data.at.length / features.data.kind.length;
  const curve = (column) => Array.from(features.data[column].slice(f * points, (f + 1) * points));
  now.curve.data = reaching(curve("at"), curve("adds"), value[f], added[f]);
  now.dot.data = {x: [value[f]], y: [added[f]]};
  plots.curve.title.text = lines(features.data.name[f], TITLE);
  const unit = features.data.unit[f];
  plots.curve.below[0].axis_label = "its value" + (unit ? ` (${unit})` : "");
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
