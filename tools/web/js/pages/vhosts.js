// Virtual hosts: how much is in each, and a form to add one.
import { get, path, send } from "../api.js";
import { h } from "../dom.js";
import { choice, field, foldedForm, input, toast } from "../form.js";
import { bytes, number, rate } from "../format.js";
import { href } from "../router.js";
import { rateOf } from "../samples.js";
import { has } from "../session.js";
import { LocalTable } from "../table.js";

export const title = "Virtual hosts";

function columns() {
  return [
    { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => (has("administrator")
      ? { text: row.name, href: href(["vhosts", row.name]) } : row.name) },
    { id: "description", label: "Description", sort: (row) => row.description,
      cell: (row) => ({ text: row.description, badges: [
        ...row.tags.map((tag) => ({ text: tag })),
        ...(row.tracing ? [{ text: "traced", kind: "warn" }] : []),
        ...(row.protected_from_deletion ? [{ text: "protected", kind: "good" }] : [])] }) },
    { id: "type", label: "Default type", sort: (row) => row.default_queue_type,
      cell: (row) => row.default_queue_type },
    ...[["messages_ready", "Ready"], ["messages_unacknowledged", "Unacked"]].map(
      ([name, label]) => ({ id: name, label, num: true, sort: (row) => row[name] ?? 0,
        cell: (row) => number(row[name]) })),
    ...[["publish", "In"], ["deliver_get", "Out"]].map(([name, label]) => (
      { id: name, label, num: true, sort: (row) => rateOf(row.message_stats, name),
        cell: (row) => rate(rateOf(row.message_stats, name)) })),
    { id: "received", label: "From clients", num: true, sort: (row) => row.recv_oct ?? 0,
      cell: (row) => bytes(row.recv_oct) },
    { id: "sent", label: "To clients", num: true, sort: (row) => row.send_oct ?? 0,
      cell: (row) => bytes(row.send_oct) },
  ];
}

export async function show(context) {
  const table = new LocalTable({ label: "Virtual hosts", key: (row) => row.name,
    columns: columns(), empty: "You may see none." });
  const refresh = async () => table.update(await get("vhosts", { signal: context.signal }));
  context.root.append(h("div.head", h("div.titles", h("h1", "Virtual hosts"))),
    h("div.stack", h("section.card", table.element), has("administrator") && addForm(refresh)));
  await context.every(refresh);
}

function addForm(onDone) {
  const name = input({ required: true });
  const description = input({});
  const tags = input({});
  const type = choice(["classic", "quorum", "stream"]);
  return foldedForm({ title: "Add a virtual host", button: "Add",
    fields: h("div.columns", field("Name", name), field("Description", description),
      field("Tags", tags, "with commas between them"),
      field("Default queue type", type, "of queues that are declared without one")),
    save: async () => {
      await send("PUT", path(["vhosts", name.value]), { description: description.value,
        tags: tags.value, default_queue_type: type.value });
      toast(`Virtual host ${name.value} is there. Now give users permissions in it.`);
      name.value = "";
      await onDone();
    } });
}
