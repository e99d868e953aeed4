// The list of all connections of clients, with what they send and get.
import { clientName, connectionHref, countColumn, stateCell, vhostColumn } from "../cells.js";
import { h } from "../dom.js";
import { byteRate, time } from "../format.js";
import { Listing } from "../listing.js";

export const title = "Connections";

const columns = [
  { id: "name", label: "Name", sort: "name", cell: (row) => ({ text: row.name,
    href: connectionHref(row.name) }) },
  { id: "client", label: "Client", sort: "client_properties.connection_name",
    cell: (row) => clientName(row.client_properties) },
  vhostColumn(),
  { id: "user", label: "User", sort: "user", cell: (row) => row.user },
  { id: "state", label: "State", sort: "state", cell: (row) => stateCell(row.state) },
  countColumn("channels", "Channels"),
  { id: "in", label: "In", title: "From the client", num: true, sort: "recv_oct_details.rate",
    cell: (row) => byteRate(row.recv_oct_details?.rate) },
  { id: "out", label: "Out", title: "To the client", num: true, sort: "send_oct_details.rate",
    cell: (row) => byteRate(row.send_oct_details?.rate) },
  { id: "tls", label: "TLS", sort: "ssl", cell: (row) => (row.ssl
    ? { badges: [{ text: row.ssl_protocol ?? "TLS", kind: "good", title: row.ssl_cipher ?? "" }] }
    : "") },
  { id: "since", label: "Since", sort: "connected_at", isOptional: true,
    cell: (row) => time(row.connected_at) },
  { id: "library", label: "Library", isOptional: true, sort: "client_properties.product",
    cell: (row) => [row.client_properties?.product, row.client_properties?.version]
      .filter(Boolean).join(" ") },
  { id: "mechanism", label: "Login by", isOptional: true, sort: "auth_mechanism",
    cell: (row) => row.auth_mechanism },
  countColumn("timeout", "Heartbeat, s", { isOptional: true }),
];

export async function show(context) {
  const listing = new Listing(context, {
    id: "connections", label: "Connections", columns,
    where: () => ["connections"], key: (row) => row.name,
    empty: "No client is connected, or none matches the filter.",
  });
  context.root.append(h("div.head", h("div.titles", h("h1", "Connections"))), listing.element);
  await context.every(() => listing.refresh());
}
