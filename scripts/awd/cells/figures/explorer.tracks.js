// Ties tracks of the movie to samples: one chosen here is chosen there, with its trace.
export default ({tracks, points, samples, colours, trace, key, keys, through, interval}, from) => {
  const data = tracks.data;
  key.text = keys[colours.value];
  if (from === colours) {
    tracks.data = {...data, colour: data[colours.value]};
    return;
  }
  const choose = (source, k) => {
    const wanted = k === undefined || k < 0 ? [] : [k];
    if (String(source.selected.indices) !== String(wanted)) source.selected.indices = wanted;
  };
  const sample = samples.selected.indices[0];
  let k = tracks.selected.indices[0];
  if (from === tracks.selected) {
    if (k !== undefined && data.sample[k] >= 0) choose(samples, data.sample[k]);
  } else if (sample !== undefined) {
    k = data.sample.indexOf(sample);
    choose(tracks, k);
  }
  if (k === undefined || k < 0) {
    trace.data = {time: [0], master: [0], slave: [0]};
    through.title.text = "the chosen sample is of another cell, or outside the window";
    return;
  }
  const rows = [data.first[k], data.first[k] + data.size[k]];
  const cut = (column) => Array.from(points.data[column].slice(...rows));
  trace.data = {time: cut("frame").map((t) => t * interval), master: cut("master"), slave: cut("slave")};
  through.title.text = `track ${data.track[k]}: ${data.named[k]}, ${data.life[k].toFixed(0)} s` +
    (data.sample[k] < 0 ? "; the student was not asked (cut, short, doubtful, or no test track)" : "");
};
