// The machine as a picture: its NUMA nodes, their cores, and the threads of the broker on them with
// their load. One drawing for each core, so that they fit windows of any width.
import { get, path } from "./api.js";
import { h, replace, svg } from "./dom.js";
import { count, number, percent } from "./format.js";
import { quantile, timeOfTurn } from "./threads.js";

const width = 176;
const inner = 8;
const line = 17;
const thread = 40; // Height of a shard: its bar and what it waits for.
const coresMax = 256;

export class Placement {
  constructor(signal) {
    this.signal = signal;
    this.nodes = h("div.machine");
    this.told = h("p.hint");
    this.element = h("section.card", h("h2", "Cores and shards"), this.nodes, this.told);
    this.map = null;
  }

  // `rows`: of the threads, as the table has them.
  async refresh(node, rows) {
    this.map ??= await get(path(["nodes", node.name, "placement"]), { signal: this.signal });
    const { cpus, pinned, network, warnings } = this.map;
    const byName = new Map(rows.map((row) => [row.name, row]));
    const nodes = groups(cpus, (cpu) => cpu.node);
    replace(this.nodes,
      [...nodes].map(([name, own]) => figure(`NUMA node ${name}`,
        [...groups(own, (cpu) => cpu.core)].slice(0, coresMax).map(([core, of]) =>
          drawCore(core, of, pinned, byName)))),
      !pinned && figure("Not bound to a core", rows.filter((row) => row.sync_us).map(drawFree)));
    replace(this.told, tell(this.map), network.map((card) => ` ${card.name} has `
      + `${count(card.irqs, "interrupt")} on CPU ${card.cpus.join(", ")}.`),
    warnings.map((text) => ` Warning: ${text}.`));
  }
}

function groups(list, keyOf) {
  const found = new Map();
  for (const one of list) {
    const key = keyOf(one);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(one);
  }
  return found;
}

function figure(title, drawings) {
  return h("figure.numa", h("figcaption", title), h("div.cores", drawings));
}

function tell({ cpus, pinned }) {
  const cores = groups(cpus, (cpu) => cpu.core).size;
  const allowed = cpus.filter((cpu) => cpu.allowed).length;
  return `${count(cores, "core")} with ${count(cpus.length, "CPU")}, of which the broker may use `
    + `${number(allowed)}. ` + (pinned ? "Each shard is bound to its CPU; the other threads share "
    + "those marked so." : "Shards run on any of them, as the kernel likes (pin, in the "
    + "configuration).");
}

function drawCore(core, cpus, pinned, byName) {
  const parts = [];
  let y = line + 4;
  const words = [];
  for (const cpu of cpus) {
    const shards = pinned ? cpu.shards.map((shard) => byName.get(`shard-${shard}`)
      ?? { name: `shard-${shard}`, busy: NaN }) : [];
    parts.push(svg("text.cpu", { x: inner, y: y + 12 }, `CPU ${cpu.cpu}`),
      svg("text.note", { x: width - inner, y: y + 12, "text-anchor": "end" }, note(cpu, shards)));
    words.push(`CPU ${cpu.cpu}: ${shards.map(inWords).join(", ") || note(cpu, shards)}`);
    y += line;
    for (const shard of shards) {
      parts.push(...drawThread(shard, y));
      y += thread;
    }
    if (cpu.network.length > 0) {
      parts.push(svg("text.note", { x: inner, y: y + 11 }, cpu.network.join(", ")));
      y += line;
    }
  }
  return frame(`Core ${core}`, y + inner, parts, words.join("; "));
}

function drawFree(row) {
  return frame("", line + thread, drawThread(row, inner), inWords(row));
}

function note(cpu, shards) {
  if (!cpu.allowed) return "not for the broker";
  if (cpu.helpers) return "other threads";
  return shards.length > 0 ? "" : "free";
}

function frame(title, height, parts, words) {
  return svg("svg.core", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img",
    "aria-label": `${title} ${words}`.trim() },
  svg("rect.frame", { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 7 }),
  title && svg("text.title", { x: inner, y: 17 }, title), parts);
}

function drawThread(row, y) {
  const room = width - 2 * inner;
  const busy = Number.isFinite(row.busy) ? row.busy : 0;
  return [
    svg("rect.room", { x: inner, y, width: room, height: 19, rx: 4 }),
    svg("rect.load", { x: inner, y, width: Math.max(2, room * busy), height: 19, rx: 4,
      class: busy > 0.9 ? "hot" : "" }),
    svg("text.name", { x: inner + 6, y: y + 14 }, row.name),
    svg("text.name", { x: width - inner - 6, y: y + 14, "text-anchor": "end" },
      percent(row.busy)),
    svg("text.note", { x: inner, y: y + 32 }, `turn ${timeOfTurn(row.turn99)} · mailbox `
      + number(mailbox(row))),
  ];
}

function inWords(row) {
  return `${row.name} is ${percent(row.busy)} busy, 99 of 100 turns are shorter than `
    + `${timeOfTurn(row.turn99)}, at most ${number(mailbox(row))} commands waited in 99 of 100`;
}

// Commands that were in a mailbox when the shard looked into it.
function mailbox(row) {
  return row.mailboxCounts ? quantile(row.mailboxCounts, row.mailbox_commands.bounds) : NaN;
}
