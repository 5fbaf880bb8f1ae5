const LETTERS = 65;  // of a tick's label, that the narrower of both plots is wide
// Shows the step at which the slider stands, of the path that is chosen.
export default ({steps, texts, now, choose, slider, words, plots}, from) => {
  const which = Math.max(0, choose.options.indexOf(choose.value));
  const data = steps[which].data, text = texts[which], count = text.names.length;
  const other = from === choose;
  if (other) {
    slider.setv({end: Math.max(1, count - 1), value: text.chosen});
  }
  const step = Math.min(slider.value, count - 1);
  const row = (column) => Array.from(rowOf(column, step, count));
  const taps = row(data.taps).filter((tap) => !Number.isNaN(tap));
  now.taps.data = {x: taps.map((_, k) => k), y: taps};
  for (const name of ["low", "high"]) {
    const gains = row(data[name]);
    now[name].data = {x: gains.map((_, k) => 0.5 * k / (gains.length - 1)), y: gains};
  }
  const [rows, columns] = text.shape;
  const width = rows * columns;
  const bytes = Uint8Array.from(data.told.slice(step * width, (step + 1) * width));
  const {ndarray} = Bokeh.require("core/util/ndarray");
  const image = ndarray(bytes, {dtype: "uint8", shape: [rows, columns]});
  now.image.data = {image: [image], dw: [columns], dh: [rows]};
  const {at, joined} = text;
  for (const name of ["fidelity", "score", "share"]) {
    const values = Array.from(data[name]);
    now[name].data = {x: at, y: values};
    now[name + "_line"].data = joined ? {x: at, y: values} : {x: [], y: []};
    now[name + "_now"].data = {x: [at[step]], y: [values[step]]};
  }
  // Steps whose labels would touch have none; the step in sight comes first, then those
  // with the longest labels, which name a wavelet.
  const letter = (at.at(-1) - at[0]) / LETTERS, half = at.map((_, k) => letter * (text.names[k].length + 2) / 2);
  const kept = [];
  const known = [...at.keys()].sort((a, b) => text.names[b].length - text.names[a].length);
  [step, ...known].forEach((k) => {
    if (kept.every((j) => Math.abs(at[j] - at[k]) >= half[j] + half[k])) kept.push(k);
  });
  const ticks = kept.map((k) => at[k]);
  const named = new Map(at.map((place, k) => [place, text.names[k]]));
  const order = joined ? text.label : `candidates, in the order of: ${text.label}`;
  for (const plot of [plots.scores, plots.share]) {
    const axis = plot.below[0];
    axis.ticker.ticks = ticks;
    axis.setv({axis_label: order, major_label_overrides: named});
  }
  slider.title = text.label;
  const r2 = (name, value) => Number.isNaN(value) ? "" : `; R² against ${name} <b>${number(value, 3)}</b>`;
  words.text = `<b>${text.label}: ${text.names[step]}</b>` +
    (step === text.chosen ? " (followed best)" : "") +
    r2("the network", data.fidelity[step]) + r2("the labels", data.score[step]) +
    `; 90 % of what ${text.teller} lies in <b>${number(100 * data.share[step], 0)} %</b> ` +
    `of the coefficients. <span style="color:#5f5f5f">${text.scored}</span>`;
  plots.told.title.text = `what ${text.teller} of one example`;
  plots.share.title.text = `coefficients that hold 90 % of what ${text.teller}`;
  const places = text.rows.map((_, k) => k + 0.5);
  const left = plots.told.left[0], below = plots.told.below[0];
  plots.told.width = text.rows.length ? 460 : 340;
  left.ticker.ticks = places;
  left.axis_label = text.rows.length ? "" : "coefficients down";
  below.axis_label = text.rows.length ? "time (samples)" : "coefficients across";
  left.major_label_overrides = new Map(text.rows.map((name, k) =>
    // A row of nothing: the filter was given fewer levels than others of its path.
    [places[k], bytes.slice(k * columns, (k + 1) * columns).some((b) => b !== 128) ? name : `no ${name}`]));
  plots.told.x_range.setv({start: 0, end: columns});
  plots.told.y_range.setv({start: 0, end: rows});
};
