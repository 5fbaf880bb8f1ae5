// Shows a frame of both channels, and which tracks are there in it.
const decoded = new Map();

const pixels = async (address) => {
  if (!decoded.has(address)) {
    const image = new Image();
    image.src = "data:image/jpeg;base64," + address;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [image.width, image.height];
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const {data} = context.getImageData(0, 0, image.width, image.height);
    const grey = Uint8Array.from({length: data.length / 4}, (_, k) => data[4 * k]);
    const {ndarray} = Bokeh.require("core/util/ndarray");
    decoded.set(address, ndarray(grey, {dtype: "uint8", shape: [image.height, image.width]}));
  }
  return decoded.get(address);
};

// Rings at the places of this frame: thick with a prediction, white where chosen.
const rings = (t, chosen, colours, data, points) => {
  const found = {x: [], y: [], colour: [], size: [], width: [], alpha: [], told: []};
  data.begin.forEach((begin, k) => {
    if (t < begin || data.end[k] < t) return;
    const asked = data.sample[k] >= 0, picked = k === chosen;
    for (let row = data.first[k]; row < data.first[k] + data.size[k]; row++) {
      if (points.frame[row] !== t) continue;
      found.x.push(points.x[row] + 0.5);
      found.y.push(points.y[row] + 0.5);
      found.colour.push(picked ? "#ffffff" : colours[k]);
      found.size.push(picked ? 20 : asked ? 13 : 8);
      found.width.push(picked ? 3.5 : data.width[k]);
      found.alpha.push(picked || asked ? 1 : 0.7);
      found.told.push(data.told[k]);
    }
  });
  return found;
};

export default async ({cells, files, film, lines, frame, images, plot, spots, now, bar}) => {
  const t = frame.value, name = film.value, which = film.options.indexOf(name);
  const cell = cells[which];
  const [left, bottom, side] = cell.window;
  for (const [channel, source] of Object.entries(images)) {
    const image = await pixels(files[which][channel][Math.round(t / cell.step)]);
    if (frame.value !== t || film.value !== name) return;  // another one was asked for
    source.data = {image: [image], x: [left], y: [bottom], side: [side]};
  }
  plot.x_range.setv({start: left, end: left + side});
  plot.y_range.setv({start: bottom + side, end: bottom});
  bar.data = {x: [left + 0.05 * side], x1: [left + 0.05 * side + cell.bar], y: [bottom + 0.95 * side],
    label: [cell.length]};
  const data = cell.tracks.data;
  const alpha = Array.from(data.begin, (begin, k) => begin <= t && t <= data.end[k] ? 1 : 0);
  if (String(alpha) !== String(lines.data.alpha)) lines.data = {...lines.data, alpha};
  spots.data = rings(t, lines.selected.indices[0], lines.data.colour, data, cell.points.data);
  now.data = {x: [t * cell.interval]};
};
