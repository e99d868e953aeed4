// One exchange: what goes through it, its bindings, publish, delete.
import { get, path, send } from "../api.js";
import { Bindings } from "../bindings.js";
import { argumentList } from "../cells.js";
import { Chart } from "../chart.js";
import { h } from "../dom.js";
import { action, confirm, facts, tabs, toast, updateFacts } from "../form.js";
import { exchangeName, number, rate, short } from "../format.js";
import { publishForm } from "../publish.js";
import { setQuery } from "../router.js";
import { growths, rangeQuery, rateOf, spans } from "../samples.js";
import { badge } from "../table.js";

export const title = (params) => exchangeName(params.name);

export async function show(context) {
  const { vhost, name } = context.params;
  const where = ["exchanges", vhost, name || "amq.default"];
  const { signal } = context;
  const exchange = await get(path(where), { signal });
  const chart = new Chart({ title: "Messages per second", format: short });
  const list = facts([]);
  const bindings = new Bindings({ kind: "exchange", vhost, name }, signal);
  const isOwn = name !== "" && !name.startsWith("amq.");
  const remove = async () => {
    if (!await confirm({ title: `Delete ${name}?`, word: name,
      text: "The exchange and its bindings are gone; what is published to it fails." })) return;
    await send("DELETE", path(where));
    toast(`${name} is deleted.`);
    location.hash = "#/exchanges";
  };
  context.root.append(
    h("div.head", h("div.titles",
      h("div.crumbs", h("a", { href: "#/exchanges" }, "Exchanges"), ` in virtual host ${vhost}`),
      h("h1", exchangeName(name)),
      h("div", badge({ text: exchange.type, kind: "accent" }),
        badge({ text: exchange.durable ? "durable" : "transient" }),
        exchange.auto_delete && badge({ text: "auto-delete" }),
        exchange.internal && badge({ text: "internal" }))),
    isOwn && action("Delete", remove, { class: "danger" })),
    tabs([
      { id: "overview", label: "Overview", element: h("div.grid", chart.element,
        h("section.card", h("h2", "Details"), list)) },
      { id: "bindings", label: "Bindings", element: bindings.element },
      { id: "publish", label: "Publish", element: h("section.card",
        publishForm({ vhost, exchange: name, onDone: () => context.refresh() })) },
    ], context.query.get("tab") ?? "overview", (tab) => setQuery({ tab })));
  await context.every(async () => {
    const now = await get(path(where, rangeQuery(spans[0], ["msg_rates"])), { signal });
    chart.update(growths(now.message_stats, [["publish_in", "in"],
      ["publish_out", "out to queues"]]));
    updateFacts(list, [["Arguments", argumentList(now.arguments)], ["Policy", now.policy ?? "none"],
      ["In", rate(rateOf(now.message_stats, "publish_in"))],
      ["Out", rate(rateOf(now.message_stats, "publish_out"))],
      ["Delayed messages", now.messages_delayed === undefined ? undefined
        : number(now.messages_delayed)]]);
    await bindings.refresh();
  });
}
