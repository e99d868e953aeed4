// One channel: its connection, its consumers, what passes.
import { get, path } from "../api.js";
import { connectionHref, link } from "../cells.js";
import { ConsumerTable } from "../consumers.js";
import { h } from "../dom.js";
import { facts, updateFacts } from "../form.js";
import { number, rate, time } from "../format.js";
import { rateOf } from "../samples.js";

export const title = (params) => params.name;

export async function show(context) {
  const { name } = context.params;
  const list = facts([]);
  const rates = facts([]);
  const consumers = new ConsumerTable();
  context.root.append(
    h("div.head", h("div.titles",
      h("div.crumbs", h("a", { href: "#/channels" }, "Channels")), h("h1", name))),
    h("div.stack", h("section.card", h("h2", "Details"), list),
      h("section.card", h("h2", "Messages per second"), rates),
      h("section.card", h("h2", "Consumers"), consumers.element)));
  await context.every(async () => {
    const row = await get(path(["channels", name]), { signal: context.signal });
    updateFacts(list, channelFacts(row));
    updateFacts(rates, Object.keys(row.message_stats ?? {})
      .filter((key) => !key.endsWith("_details") && row.message_stats[key] > 0)
      .map((key) => [key.replaceAll("_", " "), `${rate(rateOf(row.message_stats, key))}, `
        + `${number(row.message_stats[key])} in all`]));
    consumers.update(row.consumer_details ?? []);
  });
}

function channelFacts(row) {
  const connection = row.connection_details?.name ?? "";
  return [
    ["Connection", link(connectionHref(connection), connection)],
    ["State", row.state], ["User", row.user], ["Virtual host", row.vhost],
    ["Publisher confirms", row.confirm ? "yes" : "no"],
    ["Transactional", row.transactional ? "yes" : "no"],
    ["Consumers", number(row.consumer_count)],
    ["Unacknowledged", number(row.messages_unacknowledged)],
    ["Unconfirmed", number(row.messages_unconfirmed)],
    ["Uncommitted", number(row.messages_uncommitted)],
    ["Prefetch of each consumer", row.prefetch_count > 0 ? number(row.prefetch_count) : "no limit"],
    ["Prefetch of the channel", row.global_prefetch_count > 0 ? number(row.global_prefetch_count)
      : "no limit"],
    ["Idle since", time(row.idle_since)],
  ];
}
