// Ties movies to samples: what is chosen in one is chosen in the other, with its trace.
const nearest = (x, y, t, {tracks, points}, reach) => {
  const {first, size} = tracks.data;
  let found = -1, least = reach;
  for (let k = 0; k < first.length; k++) {
    for (let row = first[k]; row < first[k] + size[k]; row++) {
      if (points.data.frame[row] !== t) continue;  // what is not drawn is not clicked
      const away = Math.hypot(points.data.x[row] + 0.5 - x, points.data.y[row] + 0.5 - y);
      if (away < least) [found, least] = [k, away];
    }
  }
  return found;
};

// All tracks of a cell as lines, in the colours that are asked for.
const drawn = ({tracks, points}, colours) => {
  const data = tracks.data;
  const path = (column) => Array.from(data.first, (first, k) =>
    Array.from(points.data[column].slice(first, first + data.size[k]), (at) => at + 0.5));
  return {xs: path("x"), ys: path("y"), colour: data[colours.value], width: data.width,
    alpha: Array.from(data.first, () => 0)};
};

const choose = (source, k) => {
  const wanted = k < 0 ? [] : [k];
  if (String(source.selected.indices) !== String(wanted)) source.selected.indices = wanted;
};

// The trace of a track, and a frame in which it is there.
const trace_of = (k, cell, {lines, frame, trace, through}) => {
  const {tracks, points, step, last, interval} = cell, [left, bottom, side] = cell.window;
  choose(lines, k);
  const data = tracks.data;
  if (k < 0) {
    trace.data = {time: [0], master: [0], slave: [0]};  // ranges need a point
    through.title.text = "no track is chosen";
    return;
  }
  // From its first to its last frame, whatever frame is shown.
  through.x_range.setv({start: (data.begin[k] - 1) * interval, end: (data.end[k] + 1) * interval});
  const rows = [data.first[k], data.first[k] + data.size[k]];
  const cut = (column) => Array.from(points.data[column].slice(...rows));
  trace.data = {time: cut("frame").map((t) => t * interval), master: cut("master"), slave: cut("slave")};
  const inside = (at, from) => from <= at && at < from + side;
  const seen = inside(cut("x")[0], left) && inside(cut("y")[0], bottom);
  through.title.text = data.told[k] + (seen ? "" : "; beside the part of the field that is shown");
  if (data.begin[k] <= frame.value && frame.value <= data.end[k]) return;
  const middle = step * Math.round((data.begin[k] + data.end[k]) / 2 / step);
  frame.value = Math.max(0, Math.min(last, middle));
};

export default (args, from) => {
  const {cells, lines, film, frame, colours, samples, unasked, key, keys, reach} = args;
  const cell = cells[film.options.indexOf(film.value)], data = cell.tracks.data;
  if (from.event_name === "tap") {
    const k = nearest(from.x, from.y, frame.value, cell, reach * cell.window[2]);
    if (k < 0) return;  // too far from every track: what was chosen stays
    if (data.sample[k] >= 0) return choose(samples, data.sample[k]);
    unasked.data = {reason: [`<b>${film.value}</b><br>${data.told[k]}.`]};
    return trace_of(k, cell, args);
  }
  // The points of the cell in sight are marked among all.
  const here = Array.from(data.sample).filter((k) => k >= 0);
  if (String(args.own.indices) !== String(here)) args.own.indices = here;
  args.marked.text = `Dark rims: ${here.length} tracks of ${film.value}. ${args.pile}`;
  if (from !== samples.selected) {
    key.text = keys[colours.value];
    lines.data = drawn(cell, colours);
  }
  if (from === colours) return;
  const sample = samples.selected.indices[0];
  const own = (c) => Array.from(c.tracks.data.sample).indexOf(sample ?? -2);
  if (from === film) {
    frame.setv({end: cell.last, step: cell.step, value: Math.min(frame.value, cell.last)});
    if (own(cell) < 0) {
      frame.value = cell.frame;
      return cell.sample < 0 ? trace_of(-1, cell, args) : choose(samples, cell.sample);
    }
  }
  if (sample === undefined) return;
  const home = cells.findIndex((c) => own(c) >= 0);
  if (home < 0) {
    trace_of(-1, cell, args);
    args.through.title.text = `${samples.data.name[sample]}: no movie of it is shown here`;
  } else if (cells[home] !== cell) {
    film.value = film.options[home];  // which comes back here
  } else {
    trace_of(own(cell), cell, args);
  }
};
