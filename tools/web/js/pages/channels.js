// The list of all channels, with who has them and what passes.
import { channelHref, countColumn, rateColumn, stateCell, vhostColumn } from "../cells.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { Listing } from "../listing.js";

export const title = "Channels";

const columns = [
  { id: "name", label: "Name", sort: "name", cell: (row) => ({ text: row.name,
    href: channelHref(row.name) }) },
  vhostColumn(),
  { id: "user", label: "User", sort: "user", cell: (row) => row.user },
  { id: "state", label: "State", sort: "state", cell: (row) => stateCell(row.state) },
  { id: "mode", label: "Mode", cell: (row) => ({ badges: [
    ...(row.confirm ? [{ text: "confirm", title: "publisher confirms" }] : []),
    ...(row.transactional ? [{ text: "transactional" }] : [])] }) },
  countColumn("consumer_count", "Consumers"),
  countColumn("messages_unacknowledged", "Unacked"),
  { id: "prefetch", label: "Prefetch", num: true, sort: "prefetch_count",
    cell: (row) => (row.prefetch_count > 0 || row.consumer_count === 0 ? number(row.prefetch_count)
      : { text: "no limit", kind: "warn-text" }) },
  countColumn("messages_unconfirmed", "Unconfirmed", { isOptional: true }),
  rateColumn("publish", "Published"),
  rateColumn("deliver_get", "Delivered"),
  rateColumn("ack", "Acked"),
];

export async function show(context) {
  const listing = new Listing(context, {
    id: "channels", label: "Channels", columns, where: () => ["channels"], key: (row) => row.name,
    empty: "No channel is open, or none matches the filter.",
  });
  context.root.append(h("div.head", h("div.titles", h("h1", "Channels"))), listing.element);
  await context.every(() => listing.refresh());
}
