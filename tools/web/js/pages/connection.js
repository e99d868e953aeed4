// One connection: who it is, its channels, and a way to close it.
import { get, path, send } from "../api.js";
import { channelHref, countColumn, stateCell } from "../cells.js";
import { h } from "../dom.js";
import { action, confirm, facts, field, input, toast, updateFacts } from "../form.js";
import { byteRate, bytes, number, time } from "../format.js";
import { LocalTable } from "../table.js";

export const title = (params) => params.name;

const channelColumns = [
  { id: "name", label: "Channel", sort: (row) => row.number, cell: (row) => ({
    text: String(row.number), href: channelHref(row.name) }) },
  { id: "state", label: "State", cell: (row) => stateCell(row.state) },
  { id: "mode", label: "Mode", cell: (row) => ({ badges: [
    ...(row.confirm ? [{ text: "confirm" }] : []),
    ...(row.transactional ? [{ text: "transactional" }] : [])] }) },
  ...[["consumer_count", "Consumers"], ["messages_unacknowledged", "Unacked"],
    ["messages_unconfirmed", "Unconfirmed"], ["prefetch_count", "Prefetch"]].map(([name, label]) =>
    countColumn(name, label, { sort: (row) => row[name] })),
];

export async function show(context) {
  const { name } = context.params;
  const { signal } = context;
  const list = facts([]);
  const properties = facts([]);
  const channels = new LocalTable({ label: "Channels", key: (row) => row.name,
    columns: channelColumns, empty: "No channel is open." });
  const reason = input({ value: "closed by an operator" });
  const close = async () => {
    if (!await confirm({ title: "Close this connection?", button: "Close it",
      text: "Most clients connect again by themselves. What they hold unacknowledged goes back to "
        + "its queues." })) return;
    await send("DELETE", path(["connections", name]), undefined,
      { headers: { "x-reason": reason.value } });
    toast("The connection is closed.");
    location.hash = "#/connections";
  };
  context.root.append(
    h("div.head", h("div.titles",
      h("div.crumbs", h("a", { href: "#/connections" }, "Connections")), h("h1", name))),
    h("div.stack",
      h("section.card", h("h2", "Details"), list),
      h("section.card", h("h2", "Channels"), channels.element),
      h("section.card", h("h2", "What the client tells of itself"), properties),
      h("section.card", h("h2", "Close"), field("Reason, told to the client", reason),
        action("Close the connection", close, { class: "danger" }))));
  await context.every(async () => {
    const [row, open] = await Promise.all([get(path(["connections", name]), { signal }),
      get(path(["connections", name, "channels"]), { signal })]);
    updateFacts(list, connectionFacts(row));
    const { capabilities, ...rest } = row.client_properties ?? {};
    updateFacts(properties, [...Object.entries(rest).map(([key, value]) => [key,
      typeof value === "string" ? value : JSON.stringify(value)]),
    ["capabilities", capabilities && Object.keys(capabilities).filter((key) => capabilities[key])
      .join(", ")]]);
    channels.update(open);
  });
}

function connectionFacts(row) {
  return [
    ["State", row.state], ["User", row.user], ["Virtual host", row.vhost],
    ["Connected since", time(row.connected_at)], ["Login by", row.auth_mechanism],
    ["Protocol", row.protocol],
    ["TLS", row.ssl ? `${row.ssl_protocol}, ${row.ssl_cipher}` : "no"],
    ["Certificate of the client", row.peer_cert_subject ?? undefined],
    ["Issued by", row.peer_cert_issuer ?? undefined],
    ["Heartbeat", row.timeout === 0 ? "none: a client that vanished is noticed late"
      : `${number(row.timeout)} s`],
    ["Largest frame", bytes(row.frame_max)], ["Most channels", number(row.channel_max)],
    ["From the client", `${bytes(row.recv_oct)}, ${byteRate(row.recv_oct_details?.rate)}`],
    ["To the client", `${bytes(row.send_oct)}, ${byteRate(row.send_oct_details?.rate)}`],
    ["Waiting to be sent", number(row.send_pend)],
  ];
}
