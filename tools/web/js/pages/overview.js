// The broker at a glance: what is wrong, what flows, what it uses.
import { get, path } from "../api.js";
import { Chart } from "../chart.js";
import { h, replace } from "../dom.js";
import { FindingList } from "../finding-list.js";
import { findings } from "../findings.js";
import { choice } from "../form.js";
import { bytes, number, percent, rate, short } from "../format.js";
import { growths, levels, ofBytes, rangeQuery, rateOf, spans } from "../samples.js";
import { has, remember, remembered } from "../session.js";
import { LocalTable } from "../table.js";

export const title = "Overview";

const rateLines = [["publish", "published"], ["deliver_get", "delivered"], ["ack", "acknowledged"],
  ["redeliver", "redelivered"], ["confirm", "confirmed"]];

export async function show(context) {
  const page = new Page(context);
  await context.every(() => page.refresh());
}

class Page {
  constructor(context) {
    this.context = context;
    this.span = spans[remembered("span", 0)] ?? spans[0];
    this.titles = h("div.titles", h("h1", "Overview"), h("div.crumbs"));
    this.findings = new FindingList("What is wrong now", { title: "Nothing is wrong",
      text: "No alarm, no queue that grows unread, no publisher that is slowed down." });
    this.tiles = h("div.tiles.ten");
    this.rates = new Chart({ title: "Messages per second", format: short });
    this.depth = new Chart({ title: "Messages in queues", format: short });
    this.memory = new Chart({ title: "Memory of the process", ...ofBytes });
    this.disk = new Chart({ title: "Free disk space", ...ofBytes });
    const span = choice(spans.map((one, i) => [String(i), `last ${one.label}`]),
      String(spans.indexOf(this.span)));
    span.setAttribute("aria-label", "Time span of the charts");
    span.addEventListener("change", () => {
      this.span = spans[span.selectedIndex];
      remember("span", span.selectedIndex);
      context.refresh();
    });
    this.listeners = new LocalTable({ label: "Listeners", key: (row) => JSON.stringify(row),
      columns: listenerColumns, empty: "None." });
    const isMonitor = has("monitoring");
    context.root.append(h("div.head", this.titles, span), this.findings.element, this.tiles,
      h("div.grid", this.rates.element, this.depth.element),
      isMonitor && h("div.grid", this.memory.element, this.disk.element),
      isMonitor && h("section.card", h("h2", "Ports"), this.listeners.element));
  }

  async refresh() {
    const { signal } = this.context;
    const query = rangeQuery(this.span);
    const [overview, nodes] = await Promise.all([
      get(path(["overview"], query), { signal }),
      has("monitoring") ? get(path(["nodes"], query), { signal }) : [],
    ]);
    const list = await findings(overview, nodes, signal);
    this.tell(overview);
    this.findings.update(list);
    showTiles(this.tiles, overview, nodes[0]);
    this.rates.update(growths(overview.message_stats, rateLines));
    this.depth.update([["messages_ready", "ready"], ["messages_unacknowledged", "unacknowledged"]]
      .map(([name, label]) => ({ name: label, points: levels(overview.queue_totals, name) })));
    if (nodes.length === 0) return;
    this.memory.update([{ name: "used", points: levels(nodes[0], "mem_used") }]);
    this.disk.update([{ name: "free", color: 2, points: levels(nodes[0], "disk_free") }]);
    this.listeners.update(overview.listeners ?? []);
  }

  tell(overview) {
    const text = `${overview.cluster_name} · Lepus ${overview.product_version}`;
    const crumbs = this.titles.lastChild;
    if (crumbs.textContent !== text) crumbs.textContent = text;
  }
}

const listenerColumns = [
  { id: "protocol", label: "Protocol", sort: (row) => row.protocol, cell: (row) => row.protocol },
  { id: "address", label: "Address", sort: (row) => row.ip_address, cell: (row) => row.ip_address },
  { id: "port", label: "Port", num: true, sort: (row) => row.port,
    cell: (row) => String(row.port) },
];

function showTiles(element, overview, node) {
  const totals = overview.queue_totals;
  const objects = overview.object_totals;
  const stats = overview.message_stats;
  const tiles = [
    ["Published", rate(rateOf(stats, "publish")), "", null],
    ["Delivered", rate(rateOf(stats, "deliver_get")), "", null],
    ["Ready", short(totals.messages_ready), number(totals.messages_ready),
      "#/queues?sort=ready&reverse=1"],
    ["Unacknowledged", short(totals.messages_unacknowledged), "",
      "#/queues?sort=unacked&reverse=1"],
    ["Queues", number(objects.queues), "", "#/queues"],
    ["Connections", number(objects.connections), "", "#/connections"],
    ["Channels", number(objects.channels), "", "#/channels"],
    ["Consumers", number(objects.consumers), "", "#/queues?sort=consumers&reverse=1"],
  ];
  if (node) {
    tiles.push(["Memory", bytes(node.mem_used), `${percent(node.mem_used / node.mem_limit)} of `
      + `the limit`, "#/nodes"]);
    tiles.push(["Free disk", bytes(node.disk_free), "", "#/nodes"]);
  }
  const sign = JSON.stringify(tiles);
  if (element.sign === sign) return;
  element.sign = sign;
  replace(element, tiles.map(([label, value, note, where]) => {
    const inside = [h("span", label), h("b", value)];
    if (label === "Memory" && note) inside.push(h("small", note));
    return where ? h("a.tile", { href: where, title: label === "Ready" ? note : null }, inside)
      : h("div.tile", inside);
  }));
}
