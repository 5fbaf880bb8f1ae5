// Shows all that is known of the image that is selected, or whose sliders are moved.
let showing = -1, settling = false;

// The image to go to: of those that have the value of the slider that was moved the one
// that is nearest in the others; of equally near ones that in sight stays.
const wanted = (moved, {samples, sliders, text}) => {
  const data = samples.data, n = data.observed.length;
  const at = (p, k) => rowOf(data.truth, k, n)[p];
  const asked = (p) => text.steps[p][Math.min(sliders[p].value, text.steps[p].length - 1)];
  const gap = (k, p) => {
    const own = text.steps[p];
    return ((at(p, k) - asked(p)) / (own.at(-1) - own[0] || 1)) ** 2;
  };
  const others = [...sliders.keys()].filter((p) => p !== moved);
  const away = (k) => (moved < 0 || at(moved, k) === asked(moved) ? 0 : 1e9) +
    others.reduce((sum, p) => sum + gap(k, p), 0);
  let best = showing < 0 ? 0 : showing;
  for (let k = 0; k < n; k++) if (away(k) < away(best) - 1e-9) best = k;
  return best;
};

const why = (k, {samples, by, text}) => {
  const data = samples.data, n = data.observed.length;
  const said = Array.from(rowOf(data.said, k, n));
  const rest = beside(text.by, said, by.value, text.digits);
  if (!text.reads) return `${text.by[0]} predicts <b>${number(said[0], text.digits)}</b>. ${rest}.`;
  const {names, typical, unit, usual} = text.reads, value = rowOf(data.value, k, n);
  return reasons({
    who: text.by[0], predicted: said[0], usual, digits: text.digits, what: "image",
    added: Array.from(rowOf(data.added, k, n)),
    name: (f) => `the <i>${names[f]}</i>`,
    value: (f) => short(value[f]) + (unit ? " " + unit : ""),
    typical: (f) => short(typical[f]),
  }) + `${rest}.`;
};

export default (args, from) => {
  if (settling) return;  // sliders that go along to the image in sight
  const {samples, now, sliders, level, by, words, plots, text} = args;
  const {ndarray} = Bokeh.require("core/util/ndarray");
  const data = samples.data, n = data.observed.length;
  const of = (column, k) => rowOf(data[column], k, n);
  const who = Math.max(0, text.by.indexOf(by.value)), people = text.by.length;
  if (from === by) {
    const predicted = Array.from({length: n}, (_, k) => data.said[k * people + who]);
    samples.data = {...data, predicted};
  }
  let k = showing;
  if (from === samples.selected && samples.selected.indices.length) {
    k = samples.selected.indices[0];
  } else if (k < 0 || sliders.includes(from)) k = wanted(sliders.indexOf(from), args);
  const moved = k !== showing;
  showing = k;
  if (moved && String(samples.selected.indices) !== String([k])) samples.selected.indices = [k];
  const truth = of("truth", k);
  // What a slider says is what the image in sight has.
  settling = true;
  sliders.forEach((slider, p) => {
    slider.value = text.steps[p].indexOf(truth[p]);
  });
  settling = false;
  const [rows, columns] = text.size, j = level.value - 1;
  const shown = (name, bytes, low, high) => {
    const values = Float32Array.from(bytes, (b) => low + (high - low) * b / 255);
    now[name].data = {image: [ndarray(values, {dtype: "float32", shape: [rows, columns]})]};
    plots[name].renderers[0].glyph.color_mapper.setv({low, high});
  };
  const cut = (column, count) => {
    const all = of(column, k), width = all.length / count;
    return Array.from(all.slice(j * width, (j + 1) * width));
  };
  shown("image", of("image", k), ...text.range);
  plots.image.title.text = text.names[k];
  if (data.gradient) {
    const size = of("gradient_size", k)[0];
    shown("gradient", of("gradient", k), -size, size);
  }
  plots.gradient.title.text = data.gradient ? "gradient of the network" : "the network has no gradients";
  const size = of("bands_size", k)[j];
  shown("band", cut("bands", text.levels), -size, size);
  plots.band.title.text = `coefficients of level ${level.value}`;
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
  if (data.posterior && plots.posterior) {
    const [a, b] = text.nodes;
    now.posterior.data = {image: [ndarray(Uint8Array.from(of("posterior", k)), {dtype: "uint8", shape: [b, a]})]};
    now.star.data = {x: [truth[0]], y: [truth[1]]};
  }
  const uncalibrated = plots.posterior
    ? " The posterior below is as the head gives it: how often such a one holds the truth " +
      "is in the report, under coverage." : "";
  words.text = `<b>${text.names[k]}</b>: ` +
    text.parameters.map((name, p) => `${name} = <b>${number(truth[p], 3)}</b>`).join(", ") +
    `. Of ${text.parameters[0]}, ${why(k, args)}${uncalibrated}`;
};
