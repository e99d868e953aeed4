// Feature flags, as RabbitMQ's tools ask for them: all of them are part of this version.
import { get } from "../api.js";
import { h } from "../dom.js";
import { LocalTable } from "../table.js";

export const title = "Feature flags";

const columns = [
  { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => row.name },
  { id: "state", label: "State", sort: (row) => row.state, cell: (row) => ({
    badges: [{ text: row.state, kind: row.state === "enabled" ? "good" : "warn" }] }) },
  { id: "stability", label: "Stability", sort: (row) => row.stability,
    cell: (row) => row.stability },
  { id: "description", label: "What it is", sort: (row) => row.desc, cell: (row) => row.desc },
];

export async function show(context) {
  const table = new LocalTable({ label: "Feature flags", key: (row) => row.name, columns,
    empty: "There are none." });
  context.root.append(h("div.head", h("div.titles", h("h1", "Feature flags"))),
    h("section.card", h("p", "Clients and tools of RabbitMQ ask for these. What they stand for is "
      + "part of this version: none can be switched off, and none has to be switched on."),
    table.element));
  await context.every(async () => table.update(await get("feature-flags",
    { signal: context.signal })));
}
