// Shows all that is known of the image that is selected, or nearest to the sliders.
let showing = -1;

export default ({samples, now, sliders, level, by, words, plots, text}, from) => {
  const {ndarray} = Bokeh.require("core/util/ndarray");
  const data = samples.data, n = data.observed.length;
  const of = (column, k) => rowOf(data[column], k, n);
  const who = Math.max(0, text.by.indexOf(by.value)), people = text.by.length;
  if (from === by) {
    const predicted = Array.from({length: n}, (_, k) => data.said[k * people + who]);
    samples.data = {...data, predicted};
  }
  const away = (k) => sliders.reduce((sum, slider, p) => {
    const gap = (of("truth", k)[p] - slider.value) / (slider.end - slider.start);
    return sum + gap * gap;
  }, 0);
  let k = showing;
  if (from === samples.selected && samples.selected.indices.length) {
    k = samples.selected.indices[0];
  } else if (k < 0 || sliders.includes(from)) {
    // Of images that are as near the one in sight stays.
    const gaps = Array.from({length: n}, (_, j) => away(j));
    const least = Math.min(...gaps);
    if (k < 0 || gaps[k] > least + 1e-9) k = gaps.indexOf(least);
  }
  const moved = k !== showing;
  showing = k;
  if (moved && String(samples.selected.indices) !== String([k])) samples.selected.indices = [k];
  if (from === samples.selected) {
    sliders.forEach((slider, p) => { slider.value = of("truth", k)[p]; });
  }
  const [rows, columns] = text.size, j = level.value - 1;
  const picture = (bytes, shape) =>
    ({image: [ndarray(Uint8Array.from(bytes), {dtype: "uint8", shape})]});
  const cut = (column, count) => {
    const all = of(column, k), width = all.length / count;
    return Array.from(all.slice(j * width, (j + 1) * width));
  };
  now.image.data = picture(of("image", k), [rows, columns]);
  plots.image.title.text = text.names[k];
  if (data.gradient) {
    now.gradient.data = picture(of("gradient", k), [rows, columns]);
    plots.gradient.title.text =
      `gradient of the network, colours to ±${of("gradient_size", k)[0].toPrecision(2)}`;
  } else plots.gradient.title.text = "the network has no gradients";
  now.band.data = picture(cut("bands", text.levels), [rows, columns]);
  plots.band.title.text = `coefficients of level ${level.value}, ` +
    `colours to ±${of("bands_size", k)[j].toPrecision(2)}`;
  const counts = cut("counts", text.levels), bins = counts.length;
  const usual = counts.map((_, bin) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += data.counts[(i * text.levels + j) * bins + bin];
    return sum / n;
  });
  const edges = text.edges[j];
  now.counts.data = {x: counts.map((_, bin) => (edges[bin] + edges[bin + 1]) / 2), y: counts, usual};
  now.weights.data = {x: cut("at", text.levels), y: cut("weights", text.levels)};
  plots.counts.title.text = `values at level ${level.value}, and the student's weights`;
  const truth = of("truth", k);
  if (data.posterior && plots.posterior) {
    const [a, b] = text.nodes;
    now.posterior.data = picture(of("posterior", k), [b, a]);
    now.star.data = {x: [truth[0]], y: [truth[1]]};
  }
  const said = text.by.map((name, i) => `${name} <b>${number(data.said[k * people + i], 3)}</b>`);
  words.text = `<b>${text.names[k]}</b><br>` +
    text.parameters.map((name, p) => `${name} = <b>${number(truth[p], 3)}</b>`).join(", ") +
    `.<br>${text.parameters[0]} is predicted: ${said.join(", ")}.`;
};
