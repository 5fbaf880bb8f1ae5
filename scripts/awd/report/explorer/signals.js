// Shows all that is known of the sample that is selected.
export default ({samples, features, spans, now, by, words, text, shades, sizes, plots}, from) => {
  const n = samples.data.observed.length, data = samples.data;
  const who = Math.max(0, text.by.indexOf(by.value)), people = text.by.length;
  const said = (k, who) => data.said[k * people + who];
  if (from === by) {
    samples.data = {...data, predicted: Array.from({length: n}, (_, k) => said(k, who))};
  }
  const order = Array.from({length: n}, (_, k) => k);
  // Without a choice one is shown that is well above the middle.
  const usual = () => order.toSorted((a, b) => said(a, 0) - said(b, 0))[Math.floor(0.9 * (n - 1))];
  if (!samples.selected.indices.length) {
    samples.selected.indices = [usual()];  // which comes back here
    return;
  }
  const k = samples.selected.indices[0];
  const of = (column, k) => {
    const width = data[column].length / n;
    return data[column].slice(k * width, (k + 1) * width);
  };
  const near = order.filter((j) => j !== k)
    .sort((a, b) => Math.abs(said(a, 0) - said(k, 0)) - Math.abs(said(b, 0) - said(k, 0)))
    .slice(0, sizes.near);
  const added = of("added", k), value = of("value", k), place = of("place", k);
  const largest = Math.max(...added.map(Math.abs)) || 1;
  const shade = (a, most) => shades[Math.round(127.5 * (1 + Math.max(-1, Math.min(1, a / most))))];
  const channels = text.windows.length, time = data.x.length / n / channels;
  const every = Array.from({length: time}, (_, t) => t);
  const where = new Map(), rows = [];
  spans.data.band.forEach((band, row) => {
    where.set(`${band} ${spans.data.index[row]}`, row);
    if (!rows.includes(band)) rows.push(band);
  });
  text.shown.forEach((channel, slot) => {
    const cut = (column, k) => Array.from(of(column, k)).slice(channel * time, (channel + 1) * time);
    now["trace" + slot].data = {x: every, y: cut("x", k)};
    now["near" + slot].data = {xs: near.map(() => every), ys: near.map((j) => cut("x", j))};
    if (data.gradient) {
      const says = cut("gradient", k), most = Math.max(...of("gradient", k).map(Math.abs)) || 1;
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
  const chosen = now.bars.selected.indices[0];
  let f = from === now.bars.selected && chosen !== undefined ? now.bars.data.feature[chosen] : undefined;
  if (f === undefined) {
    const most = Array.from(added.keys()).sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]))
      .slice(0, sizes.most);
    f = most[0];
    now.bars.data = {
      y: most.map((_, row) => row), right: most.map((j) => added[j]), left: most.map(() => 0),
      colour: most.map((j) => shade(added[j], largest)), feature: most,
      name: most.map((j) => features.data.name[j]), value: most.map((j) => value[j]),
    };
    plots.bars.left[0].major_label_overrides =
      new Map(most.map((j, row) => [row, features.data.name[j]]));
    if (now.bars.selected.indices.length && from !== now.bars.selected) {
      now.bars.selected.indices = [];
    }
  }
  const points = features.data.at.length / features.data.kind.length;
  const curve = (column) => Array.from(features.data[column].slice(f * points, (f + 1) * points));
  now.curve.data = {x: curve("at"), y: curve("adds")};
  now.dot.data = {x: [value[f]], y: [added[f]]};
  plots.curve.title.text = features.data.name[f];
  const others = text.by.slice(1).map((name, j) => `${name} says ${said(k, j + 1).toFixed(2)}`);
  const ups = added.reduce((sum, a) => sum + Math.max(a, 0), 0);
  const downs = added.reduce((sum, a) => sum + Math.min(a, 0), 0);
  words.text = `<b>${text.names[k]}</b><br>${text.target}: observed ` +
    `<b>${data.observed[k].toFixed(2)}</b>, the student predicts <b>${said(k, 0).toFixed(2)}</b>` +
    `, ${others.join(", ")}.<br>A usual one gets ${data.usual[k].toFixed(2)}; what is read here ` +
    `adds ${ups.toFixed(2)} and takes away ${(-downs).toFixed(2)}. Most of all: ` +
    `${now.bars.data.name[0]}.<br>In grey: ${near.length} of like prediction, observed ` +
    `${near.map((j) => data.observed[j].toFixed(2)).join(", ")}.`;
};
