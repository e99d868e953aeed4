// Cells and links that several pages have in common.
import { h } from "./dom.js";
import { bytes, number, plain, rate } from "./format.js";
import { href } from "./router.js";
import { rateOf } from "./samples.js";

export const queueHref = (vhost, name) => href(["queues", vhost, name]);
export const exchangeHref = (vhost, name) => href(["exchanges", vhost, name]);
export const connectionHref = (name) => href(["connections", name]);
export const channelHref = (name) => href(["channels", name]);

export function link(address, text) {
  return h("a", { href: address }, text);
}

export function typeBadge(type) {
  return { text: type, kind: { quorum: "accent", stream: "warn" }[type] ?? "" };
}

export function stateCell(state) {
  const kinds = { running: "good", idle: "", flow: "warn", blocking: "warn", blocked: "bad" };
  const meanings = { flow: "publishes faster than queues take it: slowed down",
    blocking: "will be blocked with its next publish: the broker has an alarm",
    blocked: "publishes nothing: the broker has an alarm", idle: "nothing to do" };
  return { badges: state ? [{ text: state, kind: kinds[state] ?? "", title: meanings[state] }]
    : [] };
}

export function vhostColumn() {
  return { id: "vhost", label: "Virtual host", sort: "vhost", cell: (row) => row.vhost ?? "" };
}

// A column of a counter's rate in message_stats.
export function rateColumn(name, label, isOptional = false) {
  return { id: `${name}_rate`, label, title: `${label}: messages per second`, num: true, isOptional,
    sort: `message_stats.${name}_details.rate`,
    cell: (row) => (row.message_stats ? rate(rateOf(row.message_stats, name)) : "") };
}

export function countColumn(name, label, options = {}) {
  return { id: name, label, num: true, sort: name, cell: (row) => number(row[name]), ...options };
}

export function bytesColumn(name, label, options = {}) {
  return { id: name, label, num: true, sort: name, cell: (row) => bytes(row[name]), ...options };
}

export function argumentBadges(values) {
  return Object.entries(values ?? {}).map(([name, value]) =>
    ({ text: `${name.replace(/^x-/, "")}: ${plain(value)}` }));
}

export function argumentList(values) {
  const entries = Object.entries(values ?? {});
  if (entries.length === 0) return h("span.quiet", "none");
  return h("span", entries.map(([name, value]) =>
    h("span.badge", `${name}: ${plain(value)}`)));
}

// The name that a client gave its connection, or its library.
export function clientName(properties) {
  return properties?.connection_name || properties?.product || "";
}
