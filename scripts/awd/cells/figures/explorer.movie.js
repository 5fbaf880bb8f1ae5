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

export default async ({tracks, points, frame, images, files, spots, now, interval, faint}) => {
  const t = frame.value;
  for (const [name, source] of Object.entries(images)) {
    const image = await pixels(files[name][t]);
    if (frame.value !== t) return;  // another frame was asked for meanwhile
    source.data = {image: [image]};
  }
  const data = tracks.data, found = {x: [], y: [], colour: []};
  const alpha = Array.from(data.alpha);
  for (let k = 0; k < alpha.length; k++) {
    const there = data.begin[k] <= t && t <= data.end[k];
    alpha[k] = there ? 1 : faint;
    if (!there) continue;
    for (let row = data.first[k]; row < data.first[k] + data.size[k]; row++) {
      if (points.data.frame[row] === t) {
        found.x.push(points.data.x[row] + 0.5);
        found.y.push(points.data.y[row] + 0.5);
        found.colour.push(data.colour[k]);
      }
    }
  }
  tracks.data = {...data, alpha};
  spots.data = found;
  now.data = {x: [t * interval]};
};
