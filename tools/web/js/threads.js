// The threads of the node: how busy, how long their turns and syncs take, what waits for them.
// The broker counts since its start; shares and rates are of the time between two refreshes.
import { get, path } from "./api.js";
import { h, replace, svg } from "./dom.js";
import { bytes, byteRate, number, percent, rate, short } from "./format.js";
import { LocalTable } from "./table.js";

const columns = [
  { id: "name", label: "Thread", sort: (row) => row.name, cell: (row) => row.name },
  { id: "busy", label: "Busy", num: true, sort: (row) => row.busy, cell: (row) => ({
    text: percent(row.busy), kind: row.busy > 0.9 ? "warn-text" : "" }) },
  { id: "turns", label: "Turns", num: true, sort: (row) => row.turnRate,
    cell: (row) => rate(row.turnRate) },
  { id: "p99", label: "p99 turn", num: true,
    title: "99 of 100 turns are shorter", sort: (row) => row.turn99,
    cell: (row) => timeOfTurn(row.turn99) },
  { id: "longest", label: "Longest turn", num: true, sort: (row) => row.longest_turn_us,
    cell: (row) => ({ text: timeOfTurn(row.longest_turn_us),
      title: `most of it: ${row.longest_turn_job}` }) },
  { id: "syncs", label: "Syncs", num: true, sort: (row) => row.syncRate ?? 0,
    cell: (row) => (row.sync_us ? rate(row.syncRate) : "") },
  { id: "sync99", label: "p99 sync", num: true,
    title: "99 of 100 syncs of the journal are shorter", sort: (row) => row.sync99 ?? 0,
    cell: (row) => (row.sync_us ? timeOfTurn(row.sync99) : "") },
  { id: "journal", label: "Journal", num: true, sort: (row) => row.journalRate ?? 0,
    cell: (row) => (row.sync_us ? byteRate(row.journalRate) : "") },
  { id: "waiting", label: "Publishers held", num: true, sort: (row) => row.publishers_waiting ?? 0,
    title: "Connections that flow control or an alarm stops",
    cell: (row) => (row.sync_us ? number(row.publishers_waiting) : "") },
  { id: "memory", label: "Messages", num: true,
    title: "Memory of messages", sort: (row) => row.memory_messages ?? 0,
    cell: (row) => (row.sync_us ? bytes(row.memory_messages) : "") },
];

export class Threads {
  constructor(signal) {
    this.signal = signal;
    this.table = new LocalTable({ label: "Threads", key: (row) => row.name, columns,
      empty: "Nothing was told yet." });
    this.pictures = h("div.histograms");
    this.element = h("section.card", h("h2", "Shards and threads"), this.table.element,
      this.pictures, h("p.hint", "A shard is a thread with queues and connections of its own. "
        + "Turns are the rounds of its loop: a message waits at most for the one that goes on."));
    this.before = null;
  }

  async refresh(node) {
    const threads = await get(path(["nodes", node.name, "threads"]), { signal: this.signal });
    const at = performance.now();
    const before = this.before ?? { at: at - node.uptime, rows: new Map() };
    const seconds = Math.max(0.001, (at - before.at) / 1000);
    const rows = threads.map((row) => summary(row, before.rows.get(row.name), seconds));
    this.table.update(rows);
    replace(this.pictures, rows.flatMap((row) => [
      histogram(`Turns of ${row.name}`, row.turnCounts, row.turn_us.bounds),
      row.sync_us && histogram(`Syncs of ${row.name}`, row.syncCounts, row.sync_us.bounds)]));
    this.before = { at, rows: new Map(threads.map((row) => [row.name, row])) };
    return rows;
  }
}

// What grew since `before`, a row of the same thread or nothing.
function summary(row, before, seconds) {
  const grown = (name) => Math.max(0, row[name] - (before?.[name] ?? 0));
  const counts = (name) => row[name]?.counts.map((count, i) =>
    Math.max(0, count - (before?.[name].counts[i] ?? 0)));
  const turnCounts = counts("turn_us");
  const syncCounts = counts("sync_us");
  return { ...row, turnCounts, syncCounts, mailboxCounts: counts("mailbox_commands"),
    busy: Math.min(1, grown("busy_us") / 1e6 / seconds),
    turnRate: grown("turns") / seconds, turn99: quantile(turnCounts, row.turn_us.bounds),
    syncRate: grown("journal_syncs") / seconds, journalRate: grown("journal_bytes") / seconds,
    sync99: row.sync_us && quantile(syncCounts, row.sync_us.bounds) };
}

// The bound that 99 of 100 stay below.
export function quantile(counts, bounds) {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (let i = 0; i < bounds.length; i += 1) {
    seen += counts[i];
    if (total > 0 && seen >= 0.99 * total) return bounds[i];
  }
  return total > 0 ? bounds.at(-1) : NaN;
}

export function timeOfTurn(us) {
  if (!Number.isFinite(us)) return "–";
  return us < 1000 ? `${short(us)} µs` : us < 1e6 ? `${short(us / 1000)} ms`
    : `${short(us / 1e6)} s`;
}

const width = 250;
const height = 70;

// Bars from the shortest that occurs to the longest, as shares of all.
function histogram(title, counts, bounds) {
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  if (first < 0) return h("figure.histogram", h("figcaption", title), h("p.quiet", "none"));
  const total = counts.reduce((sum, count) => sum + count, 0);
  const most = Math.max(...counts);
  const step = Math.min(40, width / (last - first + 1));
  const bars = counts.slice(first, last + 1).map((count, i) => {
    const size = (count / most) * height;
    const bound = bounds[first + i];
    return svg("rect", { x: i * step + 1, y: height - size, width: step - 2, height: size },
      svg("title", {}, `${bound === undefined ? "longer" : `below ${timeOfTurn(bound)}`}: `
        + `${number(count)} (${percent(count / total)})`));
  });
  const from = timeOfTurn(bounds[first]);
  return h("figure.histogram", h("figcaption", title),
    svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label":
      `${title}: from ${from} to ${timeOfTurn(bounds[last] ?? bounds.at(-1))}` }, bars),
    h("div.ends", h("span", from), h("span", timeOfTurn(bounds[last] ?? Infinity))));
}
