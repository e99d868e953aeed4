// Bindings as a picture: where messages come from on the left, where they go on the right, the
// object of the page in the middle.
import { h, replace, svg } from "./dom.js";
import { exchangeHref, queueHref } from "./cells.js";
import { exchangeName } from "./format.js";

const box = { width: 176, height: 34 };
const gap = 12;
const between = 170;
const shownMax = 12;

// `own`: { kind, name, vhost }; bindings as the API has them.
export class Picture {
  constructor() {
    this.element = h("div.picture");
  }

  update(own, into, outOf) {
    const sign = JSON.stringify([own, into, outOf]);
    if (sign === this.sign) return;
    this.sign = sign;
    const left = ends(into, (one) => ({ kind: "exchange", name: one.source }));
    const right = ends(outOf, (one) => ({ kind: one.destination_type, name: one.destination }));
    if (left.length + right.length === 0) {
      replace(this.element, h("p.quiet", "No bindings."));
      return;
    }
    replace(this.element, draw(own, left, right),
      left.length + right.length > left.slice(0, shownMax).length
        + right.slice(0, shownMax).length && h("p.hint", "Only the first are drawn."));
  }
}

// One entry for each end, with the keys of all its bindings.
function ends(bindings, endOf) {
  const found = new Map();
  for (const one of bindings) {
    const end = endOf(one);
    const key = `${end.kind} ${end.name}`;
    if (!found.has(key)) found.set(key, { ...end, keys: [] });
    found.get(key).keys.push(one.routing_key);
  }
  return [...found.values()];
}

function draw(own, allLeft, allRight) {
  const left = allLeft.slice(0, shownMax);
  const right = allRight.slice(0, shownMax);
  const rows = Math.max(left.length, right.length, 1);
  const height = rows * (box.height + gap) + gap;
  const columns = [left.length > 0, true, right.length > 0];
  const xs = [];
  let x = 2;
  columns.forEach((isThere) => {
    xs.push(x);
    if (isThere) x += box.width + between;
  });
  const width = x - between + 2;
  const middle = height / 2;
  const parts = [];
  left.forEach((end, i) => {
    const y = spread(i, left.length, height);
    parts.push(wire([xs[0] + box.width, y], [xs[1], middle], end.keys, "start"),
      node(end, own.vhost, xs[0], y));
  });
  right.forEach((end, i) => {
    const y = spread(i, right.length, height);
    parts.push(wire([xs[1] + box.width, middle], [xs[2], y], end.keys, "end"),
      node(end, own.vhost, xs[2], y));
  });
  parts.push(node(own, own.vhost, xs[1], middle, true));
  return svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "group",
    "aria-label": "Picture of the bindings; the table below has the same" }, parts);
}

function spread(i, count, height) {
  return ((i + 0.5) * height) / count;
}

// The key stands at the outer end, where wires are apart.
function wire([x1, y1], [x2, y2], keys, side) {
  const bend = (x2 - x1) / 2;
  const text = keys.length > 1 ? `${clip(keys[0], 12)} +${keys.length - 1}` : clip(keys[0], 18);
  return svg("g",
    svg("path", { d: `M${x1},${y1}C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}` }),
    svg("path", { d: `M${x2 - 7},${y2 - 4}L${x2},${y2}L${x2 - 7},${y2 + 4}` }),
    svg("text.key", side === "end" ? { x: x2 - 12, y: y2 - 6, "text-anchor": "end" }
      : { x: x1 + 8, y: y1 - 6 }, text,
      svg("title", {}, keys.join("\n"))));
}

function node(end, vhost, x, y, isOwn = false) {
  const name = end.kind === "exchange" ? exchangeName(end.name) : end.name;
  const shape = svg("g", { class: isOwn ? "own" : "" },
    svg("rect", { x, y: y - box.height / 2, width: box.width, height: box.height,
      rx: end.kind === "exchange" ? 17 : 6 }),
    svg("text", { x: x + box.width / 2, y: y + 4.5, "text-anchor": "middle" }, clip(name, 22),
      svg("title", {}, `${end.kind} ${name}`)));
  if (isOwn) return shape;
  const where = end.kind === "exchange" ? exchangeHref(vhost, end.name)
    : queueHref(vhost, end.name);
  return svg("a", { href: where, "aria-label": `${end.kind} ${name}` }, shape);
}

function clip(text, size) {
  return text.length > size ? `${text.slice(0, size - 1)}…` : text;
}
