// What the API keeps over time (`…_details.samples`, newest first) as points of a chart.
import { bytes } from "./format.js";

export const spans = [
  { label: "10 min", age: 600, step: 5 },
  { label: "1 h", age: 3600, step: 60 },
  { label: "8 h", age: 28800, step: 600 },
  { label: "24 h", age: 86400, step: 1800 },
];

// Options of a chart of bytes.
export const ofBytes = { format: bytes, floor: 1 << 20, base: 1024 };

export function rangeQuery(span, names = ["lengths", "msg_rates", "node_stats"]) {
  const query = {};
  for (const name of names) {
    query[`${name}_age`] = span.age;
    query[`${name}_incr`] = span.step;
  }
  return query;
}

export function levels(object, name) {
  const samples = object?.[`${name}_details`]?.samples ?? [];
  return samples.map((one) => ({ time: one.timestamp, value: one.sample })).reverse();
}

// Of counters: how much each grew a second between two samples, as lines of a chart. `names`:
// [[name in the API, name in the legend], …]. The newest sample repeats the one before it until the
// broker has counted again: it would look like a standstill.
export function growths(object, names) {
  const counted = names.map(([name]) => levels(object, name));
  const isRepeated = counted.every((points) => points.at(-1)?.value === points.at(-2)?.value);
  return names.map(([, label], i) => ({ name: label, color: i,
    points: between(isRepeated ? counted[i].slice(0, -1) : counted[i]) }));
}

function between(points) {
  const rates = [];
  for (let i = 1; i < points.length; i += 1) {
    const seconds = (points[i].time - points[i - 1].time) / 1000;
    const grown = Math.max(0, points[i].value - points[i - 1].value);
    if (seconds > 0) rates.push({ time: points[i].time, value: grown / seconds });
  }
  return rates;
}

export function rateOf(object, name) {
  return object?.[`${name}_details`]?.rate ?? 0;
}
