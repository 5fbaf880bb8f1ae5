// What callbacks share: this stands before each of them.
const number = (value, digits) => {
  const text = value.toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return (Number(text.replaceAll(",", "")) === 0 ? text.replace("-", "") : text).replace("-", "−");
};
// Row k of a column that holds n rows one after the other.
const rowOf = (column, k, n) => {
  const width = column.length / n;
  return column.slice(k * width, (k + 1) * width);
};
