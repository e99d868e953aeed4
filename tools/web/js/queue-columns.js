// The columns of the list of queues.
import {
  argumentBadges, bytesColumn, countColumn, queueHref, rateColumn, typeBadge, vhostColumn,
} from "./cells.js";
import { duration, none, percent, rate, time } from "./format.js";
import { rateOf } from "./samples.js";

function features(row) {
  const badges = [typeBadge(row.type)];
  if (!row.durable) badges.push({ text: "transient", title: "gone with a restart" });
  if (row.auto_delete) badges.push({ text: "auto-delete" });
  if (row.exclusive) badges.push({ text: "exclusive" });
  if (row.arguments?.["x-dead-letter-exchange"] !== undefined
    || row.effective_policy_definition?.["dead-letter-exchange"] !== undefined) {
    badges.push({ text: "DLX", title: "has a dead letter exchange" });
  }
  if (row.policy) badges.push({ text: row.policy, kind: "accent", title: "policy" });
  if (row.operator_policy) {
    badges.push({ text: row.operator_policy, kind: "warn", title: "operator policy" });
  }
  return badges;
}

export const queueColumns = [
  { id: "name", label: "Name", sort: "name",
    cell: (row) => ({ text: row.name, href: queueHref(row.vhost, row.name) }) },
  vhostColumn(),
  { id: "features", label: "Features", sort: "type", cell: (row) => ({ badges: features(row) }) },
  { id: "ready", label: "Ready", num: true, sort: "messages_ready",
    cell: countColumn("messages_ready").cell },
  { id: "unacked", label: "Unacked", title: "Unacknowledged", num: true,
    sort: "messages_unacknowledged", cell: countColumn("messages_unacknowledged").cell },
  countColumn("messages", "Total"),
  { id: "growth", label: "Growth", title: "Change of messages per second", num: true,
    sort: "messages_details.rate", cell: growth },
  rateColumn("publish", "In"),
  rateColumn("deliver_get", "Out"),
  rateColumn("ack", "Acks", true),
  rateColumn("redeliver", "Redelivered", true),
  countColumn("consumers", "Consumers"),
  { id: "capacity", label: "Capacity", title: "Share of time in which consumers can take more",
    num: true, isOptional: true, sort: "consumer_capacity",
    cell: (row) => (row.consumers > 0 ? percent(row.consumer_capacity) : none) },
  bytesColumn("message_bytes", "Bytes", { isOptional: true }),
  bytesColumn("message_bytes_ram", "Bytes in memory", { isOptional: true }),
  bytesColumn("memory", "Memory", { isOptional: true, title: "Memory of the queue itself" }),
  countColumn("messages_persistent", "Persistent", { isOptional: true }),
  countColumn("messages_delayed", "Delayed", { isOptional: true }),
  { id: "age", label: "Oldest ready", num: true, isOptional: true, sort: "oldest_ready_age_ms",
    cell: (row) => (row.oldest_ready_age_ms > 0 ? duration(row.oldest_ready_age_ms) : none) },
  { id: "held", label: "Held for", title: "Oldest unacknowledged", num: true, isOptional: true,
    sort: "oldest_unacknowledged_age_ms",
    cell: (row) => (row.oldest_unacknowledged_age_ms > 0
      ? duration(row.oldest_unacknowledged_age_ms) : none) },
  { id: "idle", label: "Idle since", isOptional: true, sort: "idle_since",
    cell: (row) => time(row.idle_since) },
  { id: "arguments", label: "Arguments", isOptional: true,
    cell: (row) => ({ badges: argumentBadges(row.arguments) }) },
];

function growth(row) {
  const change = rateOf(row, "messages");
  if (Math.abs(change) < 0.01) return "0/s";
  const text = (change > 0 ? "+" : "") + rate(change);
  return { text, kind: change > 0 && row.consumers === 0 ? "warn-text" : "" };
}

// What the API is asked for: no more than is shown or linked.
export const queueQuery = {
  columns: ["name", "vhost", "type", "durable", "auto_delete", "exclusive", "arguments", "policy",
    "operator_policy", "effective_policy_definition", "state", "messages", "messages_details",
    "messages_ready", "messages_unacknowledged", "message_stats", "consumers", "consumer_capacity",
    "message_bytes", "message_bytes_ram", "memory", "messages_persistent", "messages_delayed",
    "oldest_ready_age_ms", "oldest_unacknowledged_age_ms", "idle_since"].join(","),
};
