// Line charts as SVG: lines over the same times, with a grid, a legend and the values under the
// pointer. Colours are classes (css/parts.css), so that they follow light and dark.
//
//   const chart = new Chart({ title: "Messages", format: short });
//   page.append(chart.element);
//   chart.update([{ name: "ready", points: [{ time, value }, …] }, …])    oldest first
import { add, h, replace, svg } from "./dom.js";
import { clockTime, minute } from "./format.js";

const width = 560;
const height = 190;
const area = { left: 52, right: 8, top: 8, bottom: 22 };

export class Chart {
  constructor({ title, format, floor = 1, base = 10 }) {
    this.format = format;
    this.base = base;
    this.floor = floor;
    this.picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": title });
    this.legend = h("div.legend");
    this.element = h("figure.chart", h("figcaption", title), this.picture, this.legend);
    this.picture.addEventListener("pointermove", (event) => this.point(event));
    this.picture.addEventListener("pointerleave", () => this.draw(null));
    this.lines = [];
  }

  update(lines) {
    this.lines = lines.filter((line) => line.points.length > 0);
    this.draw(null);
  }

  draw(marked) {
    const times = this.lines.flatMap((line) => [line.points[0].time, line.points.at(-1).time]);
    this.begin = Math.min(...times);
    this.end = Math.max(...times, this.begin + 1);
    let largest = this.floor;
    for (const line of this.lines) {
      for (const point of line.points) largest = Math.max(largest, point.value);
    }
    this.top = niceAbove(largest, this.base);
    const parts = this.lines.length === 0
      ? [svg("text.quiet", { x: width / 2, y: height / 2, "text-anchor": "middle" },
        "No values yet")]
      : [...this.grid(), ...this.lines.map((line, i) => this.line(line, i))];
    if (marked !== null && this.lines.length > 0) parts.push(this.mark(marked));
    replace(this.picture, parts);
    this.tell(marked);
  }

  x(time) {
    return area.left + ((time - this.begin) / (this.end - this.begin))
      * (width - area.left - area.right);
  }

  y(value) {
    return height - area.bottom - (value / this.top) * (height - area.top - area.bottom);
  }

  grid() {
    const parts = [];
    for (let i = 0; i <= 4; i += 1) {
      const value = (this.top * i) / 4;
      const y = this.y(value);
      parts.push(svg("line.rule", { x1: area.left, x2: width - area.right, y1: y, y2: y }),
        svg("text.quiet", { x: area.left - 6, y: y + 4, "text-anchor": "end" },
          this.format(value)));
    }
    for (let i = 0; i <= 4; i += 1) {
      const time = this.begin + ((this.end - this.begin) * i) / 4;
      parts.push(svg("text.quiet", { x: this.x(time), y: height - 6,
        "text-anchor": i === 0 ? "start" : i === 4 ? "end" : "middle" }, minute(time)));
    }
    return parts;
  }

  line(line, i) {
    const points = line.points.map((point) =>
      `${this.x(point.time).toFixed(1)},${this.y(point.value).toFixed(1)}`);
    const path = `M${points.join("L")}`;
    const fill = this.lines.length > 2 ? null : svg(`path.fill.fill-${line.color ?? i}`, {
      d: `${path}L${this.x(line.points.at(-1).time).toFixed(1)},${this.y(0)}`
        + `L${this.x(line.points[0].time).toFixed(1)},${this.y(0)}Z` });
    return svg("g", fill, svg(`path.line.line-${line.color ?? i}`, { d: path }));
  }

  mark(time) {
    return svg("line.cursor", { x1: this.x(time), x2: this.x(time), y1: area.top,
      y2: height - area.bottom });
  }

  point(event) {
    const box = this.picture.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * width;
    const part = (x - area.left) / (width - area.left - area.right);
    if (part < 0 || part > 1 || this.lines.length === 0) return;
    this.draw(this.begin + part * (this.end - this.begin));
  }

  // The last values, or those at a time.
  tell(time) {
    const values = this.lines.map((line, i) => {
      const point = time === null ? line.points.at(-1) : nearest(line.points, time);
      return h("span.key", h(`span.dot.dot-${line.color ?? i}`), line.name, " ",
        h("b", this.format(point.value)));
    });
    replace(this.legend);
    add(this.legend, values);
    if (time !== null) add(this.legend, h("span.when", clockTime(time)));
  }
}

function nearest(points, time) {
  let best = points[0];
  for (const point of points) {
    if (Math.abs(point.time - time) < Math.abs(best.time - time)) best = point;
  }
  return best;
}

// Few digits above the value, so that quarters are short numbers. Of bytes, a number of their unit.
function niceAbove(value, base) {
  const unit = base === 10 ? 1 : base ** Math.floor(Math.log(value) / Math.log(base));
  const power = unit * 10 ** Math.floor(Math.log10(value / unit));
  for (const step of [1, 2, 4, 6, 8, 10]) {
    if (value <= step * power) return step * power;
  }
  return value;
}
