// What callbacks share: this stands before each of them.
const number = (value, digits) => {
  const text = value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return (Number(text.replaceAll(",", "")) === 0 ? text.replace("-", "") : text).replace("-", "−");
};
const signed = (value, digits) => {
  const text = number(value, digits);
  return text.startsWith("−") ? text : "+" + text;
};
// A value of any size: three digits.
const short = (value) =>
  number(value, value ? Math.max(0, Math.min(12, 2 - Math.floor(Math.log10(Math.abs(value))))) : 0);
// Text in lines of so many letters at most.
const lines = (text, most) => text.split(" ").reduce(([...done], word) => {
  const line = `${done.at(-1)} ${word}`;
  if (done.length && line.length <= most) done[done.length - 1] = line;
  else done.push(word);
  return done;
}, []).join("\n");
// Row k of a column that holds n rows one after the other.
const rowOf = (column, k, n) => {
  const width = column.length / n;
  return column.slice(k * width, (k + 1) * width);
};
const LARGEST = 3;  // parts that are told one by one
const rounded = (value, digits) => Number(value.toFixed(digits));
// What all parts add as it is shown, so that what is usual and it give the prediction, or,
// of a student that answers nothing beyond what it was fitted to, what it is held from.
const moved = ({predicted, usual, added, digits}) => {
  const sum = added.reduce((a, b) => a + b, usual);
  const clipped = Math.abs(sum - predicted) > 0.5 * 10 ** -digits;
  return {sum, clipped, gap: rounded(clipped ? sum : predicted, digits) - rounded(usual, digits)};
};
const byLoudness = (added) =>
  [...added.keys()].sort((a, b) => Math.abs(added[b]) - Math.abs(added[a]));
// Sums of those of these parts that add, and of those that take away.
const upAndDown = (parts) => [
  parts.filter((a) => a > 0).reduce((a, b) => a + b, 0),
  parts.filter((a) => a < 0).reduce((a, b) => a + b, 0),
];
// Why a number was predicted, as a sum of which every term is shown as it is rounded.
// `name`, `value` and `typical` give text for a part, `added` holds what each adds.
const reasons = ({who, predicted, usual, added, digits, name, value, typical, what}) => {
  const {sum, clipped, gap} = moved({predicted, usual, added, digits});
  const order = byLoudness(added);
  const told = order.slice(0, LARGEST);
  const rest = told.reduce((left, f) => left - rounded(added[f], digits), gap);
  const [up, down] = upAndDown(order.slice(LARGEST).map((f) => added[f]));
  const held = clipped ? ` = ${number(sum, digits)}, held at ${number(predicted, digits)}: ` +
    "it answers nothing beyond what it was fitted to" : "";
  const list = told.map((f) => `<li>${name(f)} is ${value(f)}, on average ${typical(f)}: ` +
    `<b>${signed(added[f], digits)}</b></li>`).join("");
  const count = added.length - told.length;
  return `${who} predicts <b>${number(predicted, digits)}</b>: the usual ` +
    `${number(usual, digits)} and ${signed(gap, digits)} from what it reads in this ${what}${held}. ` +
    `The largest parts:<ul style="margin:0;padding-left:1.2em">${list}` +
    (count ? `<li>the other ${number(count, 0)} numbers together: ` +
      `<b>${signed(rest, digits)}</b>, of ${signed(up, digits)} and ` +
      `${signed(down, digits)}</li>` : "") + "</ul>";
};
// What others than the one that is explained predict; who is in the scatter stands out.
const beside = (by, said, chosen, digits) => by.slice(1).map((name, k) => {
  const value = number(said[k + 1], digits);
  return name === chosen ? `<b>${name} predicts ${value}</b> (in the scatter)` : `${name} predicts ${value}`;
}).join(", ");
