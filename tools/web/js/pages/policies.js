// Policies and operator policies; a form that shows, while it is filled in, what would match.
import { get, path, send } from "../api.js";
import { Arguments, policyKeys } from "../arguments.js";
import { h, replace } from "../dom.js";
import { action, choice, confirm, field, form, input, tabs, toast } from "../form.js";
import { plain } from "../format.js";
import { vhostNames } from "../listing.js";
import { findUnused, PolicyPreview } from "../policy-preview.js";
import { setQuery } from "../router.js";
import { has } from "../session.js";
import { LocalTable } from "../table.js";

export const title = "Policies";

export async function show(context) {
  const vhosts = await vhostNames(context.signal);
  const kinds = ["policies", "operator-policies"].map((kind) => new Kind(kind, vhosts, context));
  context.root.append(h("div.head", h("div.titles", h("h1", "Policies"),
    h("p.hint", "What queues and exchanges get by the pattern of their names."))),
  tabs(kinds.map((one) => ({ id: one.kind, label: one.label, element: one.element })),
    context.query.get("kind") ?? "policies", (kind) => setQuery({ kind })));
  await context.every(() => Promise.all(kinds.map((one) => one.refresh())));
}

class Kind {
  constructor(kind, vhosts, context) {
    this.kind = kind;
    this.context = context;
    this.isOperator = kind === "operator-policies";
    this.label = this.isOperator ? "Operator policies" : "Policies";
    this.unused = new Set();
    this.mayChange = has(this.isOperator ? "administrator" : "policymaker");
    this.table = new LocalTable({ label: this.label, columns: this.columns(),
      empty: "There is none.", key: (row) => JSON.stringify([row.vhost, row.name]) });
    this.vhosts = vhosts;
    this.place = h("div");
    this.element = h("div.stack", h("section.card", this.table.element), this.place);
    if (this.mayChange) this.showForm(null);
  }

  columns() {
    return [
      { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => ({ text: row.name,
        badges: this.unused.has(JSON.stringify([row.vhost, row.name]))
          ? [{ text: "matches nothing", kind: "warn" }] : [] }) },
      { id: "vhost", label: "Virtual host", sort: (row) => row.vhost, cell: (row) => row.vhost },
      { id: "pattern", label: "Pattern", sort: (row) => row.pattern,
        cell: (row) => ({ text: row.pattern, kind: "mono" }) },
      { id: "applies", label: "Applies to", sort: (row) => row["apply-to"],
        cell: (row) => row["apply-to"] },
      { id: "priority", label: "Priority", num: true, sort: (row) => row.priority,
        cell: (row) => String(row.priority) },
      { id: "definition", label: "Definition", cell: (row) => ({ badges:
        Object.entries(row.definition).map(([name, value]) => (
          { text: `${name}: ${plain(value)}` })) }) },
      { id: "actions", label: "", cell: (row) => (this.mayChange ? { row,
        node: () => h("div.buttons", action("Edit", () => this.edit(row), { class: "small" }),
          action("Delete", () => this.remove(row), { class: "small" })) } : "") },
    ];
  }

  async refresh() {
    const { signal } = this.context;
    const rows = await get(this.kind, { signal });
    this.unused = await findUnused(rows, signal);
    this.table.update(rows);
  }

  edit(row) {
    this.showForm(row);
    this.place.scrollIntoView({ block: "start" });
    this.place.querySelector("input").focus();
  }

  async remove(row) {
    if (!await confirm({ title: `Delete the policy ${row.name}?`,
      text: "What it matches gets the next policy that matches, or none." })) return;
    await send("DELETE", path([this.kind, row.vhost, row.name]));
    toast(`${row.name} is deleted.`);
    await this.refresh();
  }

  // Of a row that is changed, or a new one.
  showForm(row) {
    const vhost = choice(this.vhosts, row?.vhost);
    const name = input({ required: true, value: row?.name ?? "" });
    const pattern = input({ required: true, value: row?.pattern ?? "" });
    const target = choice(this.isOperator
      ? ["queues", "classic_queues", "quorum_queues", "streams"]
      : ["all", "queues", "classic_queues", "quorum_queues", "streams", "exchanges"],
    row?.["apply-to"]);
    const priority = input({ type: "number", value: String(row?.priority ?? 0), required: true });
    const definition = new Arguments("Definition", policyKeys, row?.definition ?? {});
    if (!row) definition.add("", "");
    const preview = new PolicyPreview(this.context.signal);
    const look = () => preview.look({ vhost: vhost.value, pattern: pattern.value,
      target: target.value, priority: priority.valueAsNumber, name: name.value,
      kind: this.kind });
    for (const control of [vhost, pattern, target, priority, name]) {
      control.addEventListener("input", look);
    }
    const save = async () => {
      await send("PUT", path([this.kind, vhost.value, name.value]), { pattern: pattern.value,
        "apply-to": target.value, priority: priority.valueAsNumber,
        definition: definition.value() });
      toast(`Policy ${name.value} is saved.`);
      this.showForm(null);
      await this.refresh();
    };
    replace(this.place, h("section.card", form({
      title: row ? `Change ${row.name}` : this.isOperator ? "Add an operator policy"
        : "Add a policy",
      save, fields: [
        h("div.columns", field("Virtual host", vhost), field("Name", name),
          field("Pattern", pattern, "regular expression, e.g. ^orders\\."),
          field("Applies to", target), field("Priority", priority, "the highest counts")),
        definition.element, preview.element] })));
    if (row) look();
  }
}
