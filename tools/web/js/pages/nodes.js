// The node: what it uses of what it may use, where its memory goes, how it is set up.
import { get, path } from "../api.js";
import { Chart } from "../chart.js";
import { h, replace } from "../dom.js";
import { choice, facts, updateFacts } from "../form.js";
import { bytes, duration, number, percent, short } from "../format.js";
import { growths, levels, ofBytes, rangeQuery, spans } from "../samples.js";
import { remember, remembered } from "../session.js";
import { Placement } from "../placement.js";
import { Threads } from "../threads.js";

export const title = "Node";

const memoryNames = {
  connection_writers: "answers to clients", connection_channels: "unacknowledged messages",
  connection_other: "connections", metadata_store: "definitions", binary: "messages",
  msg_index: "index of messages", other_system: "journal",
  allocated_unused: "program, threads, and what the allocator keeps",
};

export async function show(context) {
  const page = new Page(context);
  await context.every(() => page.refresh());
}

class Page {
  constructor(context) {
    this.context = context;
    this.span = spans[remembered("span", 0)] ?? spans[0];
    this.heading = h("h1", "Node");
    this.meters = h("div");
    this.memory = h("div");
    this.threads = new Threads(context.signal);
    this.placement = new Placement(context.signal);
    this.list = facts([]);
    this.files = facts([]);
    this.charts = {
      mem: new Chart({ title: "Memory of the process", ...ofBytes }),
      disk: new Chart({ title: "Free disk space", ...ofBytes }),
      files: new Chart({ title: "Open files and sockets", format: short }),
      churn: new Chart({ title: "Connections and channels opened per second", format: short }),
    };
    const span = choice(spans.map((one, i) => [String(i), `last ${one.label}`]),
      String(spans.indexOf(this.span)));
    span.setAttribute("aria-label", "Time span of the charts");
    span.addEventListener("change", () => {
      this.span = spans[span.selectedIndex];
      remember("span", span.selectedIndex);
      context.refresh();
    });
    context.root.append(h("div.head", h("div.titles", this.heading), span),
      h("div.grid", h("section.card", h("h2", "Of what it may use"), this.meters),
        h("section.card", h("h2", "Where the memory goes"), this.memory)),
      h("div.grid", Object.values(this.charts).map((chart) => chart.element)),
      h("div.stack", this.placement.element, this.threads.element,
        h("section.card", h("h2", "Work"), this.list),
        h("section.card", h("h2", "Set-up"), this.files)));
  }

  async refresh() {
    const { signal } = this.context;
    const [node] = await get(path(["nodes"], rangeQuery(this.span, ["node_stats"])), { signal });
    const { memory } = await get(path(["nodes", node.name, "memory"]), { signal });
    this.heading.textContent = node.name;
    this.showMeters(node);
    this.showMemory(memory);
    this.charts.mem.update([{ name: "used", points: levels(node, "mem_used") }]);
    this.charts.disk.update([{ name: "free", color: 2, points: levels(node, "disk_free") }]);
    this.charts.files.update([{ name: "open", color: 1, points: levels(node, "fd_used") }]);
    this.charts.churn.update(growths(node, [["connection_created", "connections"],
      ["channel_created", "channels"]]));
    await this.placement.refresh(node, await this.threads.refresh(node));
    updateFacts(this.list, workFacts(node));
    updateFacts(this.files, [["Data", node.db_dir],
      ["Configuration", node.config_files.join(", ") || "defaults, no file"],
      ["Log", node.log_files.join(", ")],
      ["Ways to log in", node.auth_mechanisms.map((one) => one.name).join(", ")],
      ["Kinds of exchanges", node.exchange_types.map((one) => one.name).join(", ")]]);
  }

  showMeters(node) {
    const diskWanted = node.disk_free_limit;
    replace(this.meters,
      meter("Memory", node.mem_used, node.mem_limit, bytes, node.mem_alarm),
      meter("File descriptors", node.fd_used, node.fd_total, number),
      meter("Sockets", node.sockets_used, node.sockets_total, number),
      meter("Threads", node.proc_used, node.proc_total, number),
      h("p", { class: node.disk_free_alarm ? "bad-text" : "" },
        `Disk: ${bytes(node.disk_free)} are free, ${bytes(diskWanted)} have to be.`));
  }

  showMemory(memory) {
    const parts = Object.entries(memoryNames).map(([name, label]) => ({ label,
      size: memory[name] ?? 0 })).filter((part) => part.size > 0)
      .sort((left, right) => right.size - left.size);
    const total = parts.reduce((sum, part) => sum + part.size, 0) || 1;
    replace(this.memory,
      h("div.bar", parts.map((part, i) => h(`div.dot-${i % 6}`, { title: part.label,
        style: { width: `${(part.size / total) * 100}%` } }))),
      h("ul.memory", parts.map((part, i) => h("li", h(`span.dot.dot-${i % 6}`), part.label,
        h("b", bytes(part.size))))),
      h("p.hint", `${bytes(memory.total.rss)} in all, counted as the kernel does (rss).`));
  }
}

function meter(label, used, most, format, isAlarm = false) {
  const part = most > 0 ? used / most : 0;
  const kind = isAlarm || part > 0.95 ? "bad" : part > 0.8 ? "warn" : "";
  return h("div.meter", h("div", h("b", label), ` ${format(used)} of ${format(most)}, `
    + percent(part)),
  h("div.bar", h("div.used", { class: kind,
    style: { width: `${Math.min(100, Math.max(0.5, part * 100))}%` } })));
}

function workFacts(node) {
  return [
    ["Running for", duration(node.uptime)], ["Process", node.os_pid],
    ["Processors", number(node.processors)],
    ["Context switches", number(node.context_switches)],
    ["Journal written", `${bytes(node.io_write_bytes)} in ${number(node.io_write_count)} records`],
    ["Journal read", `${bytes(node.io_read_bytes)} in ${number(node.io_read_count)} reads`],
    ["Syncs", `${number(node.io_sync_count)}, ${short(node.io_sync_avg_time)} ms on average`],
    ["Drained", node.being_drained ? "yes: new clients are refused" : "no"],
  ];
}

