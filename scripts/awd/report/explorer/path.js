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
  const bytes = data.told.slice(step * width, (step + 1) * width);
  const {ndarray} = Bokeh.require("core/util/ndarray");
  const image = ndarray(Uint8Array.from(bytes), {dtype: "uint8", shape: [rows, columns]});
  now.image.data = {image: [image], dw: [columns], dh: [rows]};
  for (const name of ["fidelity", "score", "share"]) {
    const values = Array.from(data[name]);
    now[name].data = {x: values.map((_, k) => k), y: values};
    now[name + "_now"].data = {x: [step], y: [values[step]]};
  }
  const ticks = new Map(text.names.map((name, k) => [k, name]));
  const gap = Math.max(1, Math.ceil(count / 12));
  const axis = plots.scores.below[0];
  axis.ticker.ticks = Array.from(ticks.keys()).filter((k) => k % gap === 0);
  axis.setv({axis_label: text.label, major_label_overrides: ticks});
  const r2 = (name, value) => Number.isNaN(value) ? "" : `; R² against ${name} <b>${number(value, 3)}</b>`;
  words.text = `<b>${text.label}: ${text.names[step]}</b>` +
    (step === text.chosen ? " (followed best)" : "") +
    r2("the network", data.fidelity[step]) + r2("the labels", data.score[step]) +
    `; 90 % of what ${text.teller} lies in ${number(100 * data.share[step], 0)} % ` +
    "of the coefficients";
  plots.told.title.text = `what ${text.teller}`;
  const places = text.rows.map((_, k) => k + 0.5);
  const left = plots.told.left[0];
  plots.told.width = text.rows.length ? 400 : 250;
  left.visible = text.rows.length > 0;
  left.ticker.ticks = places;
  left.major_label_overrides = new Map(text.rows.map((name, k) => [places[k], name]));
  plots.told.x_range.setv({start: 0, end: columns});
  plots.told.y_range.setv({start: 0, end: rows});
};
