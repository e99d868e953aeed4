// Consumers, with links to their channel and queue.
import { get, path } from "./api.js";
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
  { id: "held", label: "Channel holds", title: "Messages that its channel got and did not "
    + "acknowledge, of whatever queue", num: true, sort: (row) => row.held ?? 0,
    cell: (row) => (row.held === undefined ? "" : number(row.held)) },
  { id: "state", label: "State", cell: (row) => ({ badges: [
    { text: row.activity_status, kind: row.active ? "good" : "" },
    ...(row.exclusive ? [{ text: "exclusive" }] : []),
    ...(row.ack_required ? [] : [{ text: "no ack", kind: "warn",
      title: "A message counts as done when it is sent" }]),
    ...argumentBadges(row.arguments)] }) },
];

const channelsMax = 500; // That are asked for; those that hold most.

// Says of each consumer how much its channel holds unacknowledged.
export async function withHeld(consumers, signal) {
  if (consumers.length === 0) return consumers;
  const answer = await get(path(["channels"], { page: 1, page_size: channelsMax,
    sort: "messages_unacknowledged", sort_reverse: "true",
    columns: "name,messages_unacknowledged" }), { signal });
  const held = new Map(answer.items.map((row) => [row.name, row.messages_unacknowledged]));
  return consumers.map((row) => ({ ...row, held: held.get(row.channel_details.name) }));
}

export class ConsumerTable extends LocalTable {
  constructor(hasQueue = true) {
    super({ label: "Consumers", columns: columns.filter((one) => hasQueue || one.id !== "queue"),
      empty: "Nobody consumes here.",
      key: (row) => JSON.stringify([row.channel_details.name, row.consumer_tag, row.queue.name]) });
  }
}
