// Consumers, with links to their channel and queue.
import { argumentBadges, channelHref, connectionHref, queueHref } from "./cells.js";
import { number } from "./format.js";
import { LocalTable } from "./table.js";

const columns = [
  { id: "tag", label: "Consumer tag", sort: (row) => row.consumer_tag,
    cell: (row) => row.consumer_tag },
  { id: "queue", label: "Queue", sort: (row) => row.queue.name,
    cell: (row) => ({ text: row.queue.name, href: queueHref(row.queue.vhost, row.queue.name) }) },
  { id: "connection", label: "Connection", sort: (row) => row.channel_details.connection_name ?? "",
    cell: (row) => ({ text: row.channel_details.connection_name ?? "",
      href: connectionHref(row.channel_details.connection_name ?? "") }) },
  { id: "channel", label: "Channel", num: true, sort: (row) => row.channel_details.number ?? 0,
    cell: (row) => ({ text: String(row.channel_details.number ?? ""),
      href: channelHref(row.channel_details.name ?? "") }) },
  { id: "user", label: "User", sort: (row) => row.channel_details.user ?? "",
    cell: (row) => row.channel_details.user ?? "" },
  { id: "prefetch", label: "Prefetch", num: true, sort: (row) => row.prefetch_count,
    cell: (row) => (row.prefetch_count === 0
      ? { text: "no limit", kind: "warn-text", title: "It is sent everything there is" }
      : number(row.prefetch_count)) },
  { id: "state", label: "State", cell: (row) => ({ badges: [
    { text: row.activity_status, kind: row.active ? "good" : "" },
    ...(row.exclusive ? [{ text: "exclusive" }] : []),
    ...(row.ack_required ? [] : [{ text: "no ack", kind: "warn",
      title: "A message counts as done when it is sent" }]),
    ...argumentBadges(row.arguments)] }) },
];

export class ConsumerTable extends LocalTable {
  constructor() {
    super({ label: "Consumers", columns, empty: "Nobody consumes here.",
      key: (row) => JSON.stringify([row.channel_details.name, row.consumer_tag, row.queue.name]) });
  }
}
