// Shovels: what moves messages between queues and brokers, how far each is.
import { get, path, send } from "../api.js";
import { h, replace } from "../dom.js";
import { action, confirm, toast } from "../form.js";
import { number } from "../format.js";
import { vhostNames } from "../listing.js";
import { has } from "../session.js";
import { shovelForm } from "../shovel-form.js";
import { LocalTable } from "../table.js";

export const title = "Shovels";

const keyOf = (row) => JSON.stringify([row.vhost, row.name]);

export async function show(context) {
  const page = new Page(context, await vhostNames(context.signal));
  await context.every(() => page.refresh());
}

function place(row, side) {
  const queue = row[`${side}_queue`];
  const exchange = row[`${side}_exchange`];
  const what = queue !== undefined ? `queue ${queue}`
    : exchange !== undefined ? `exchange ${exchange || "(default)"}` : "";
  return { text: `${row[`${side}_uri`] ?? ""} ${what}`, kind: "mono" };
}

function state(row) {
  const kind = { running: "good", terminated: "bad" }[row.state] ?? "warn";
  const badges = [{ text: row.state, kind, title: row.reason }];
  if (row.blocked_status === "blocked") badges.push({ text: "blocked", kind: "warn" });
  return { text: row.reason ?? "", badges };
}

class Page {
  constructor(context, vhosts) {
    this.context = context;
    this.vhosts = vhosts;
    this.parameters = new Map();
    this.mayChange = has("policymaker");
    this.table = new LocalTable({ label: "Shovels", key: keyOf, columns: this.columns(),
      empty: "There is none." });
    this.place = h("div");
    context.root.append(h("div.head", h("div.titles", h("h1", "Shovels"),
      h("p.hint", "They move messages from a queue or exchange to another one, here or at another "
        + "broker. Jobs that were begun on a queue's page are among them until they are done."))),
    h("div.stack", h("section.card", this.table.element), this.place));
    this.showForm(null);
  }

  columns() {
    return [
      { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => row.name },
      { id: "vhost", label: "Virtual host", sort: (row) => row.vhost, cell: (row) => row.vhost },
      { id: "state", label: "State", sort: (row) => row.state, cell: state },
      { id: "from", label: "From", cell: (row) => place(row, "src") },
      { id: "to", label: "To", cell: (row) => place(row, "dest") },
      { id: "forwarded", label: "Moved", num: true, sort: (row) => row.forwarded,
        cell: (row) => number(row.forwarded) },
      { id: "remaining", label: "Left", num: true, cell: (row) => (
        typeof row.remaining === "number" ? number(row.remaining) : "–") },
      { id: "skipped", label: "Left alone", num: true, sort: (row) => row.skipped,
        cell: (row) => number(row.skipped) },
      { id: "actions", label: "", cell: (row) => (this.mayChange ? { row,
        node: () => h("div.buttons", action("Edit", () => this.edit(row), { class: "small" }),
          action("Restart", () => this.restart(row), { class: "small" }),
          action("Delete", () => this.remove(row), { class: "small" })) } : "") },
    ];
  }

  async refresh() {
    const { signal } = this.context;
    if (this.mayChange) {
      const rows = await get("parameters/shovel", { signal });
      this.parameters = new Map(rows.map((row) => [keyOf(row), row]));
    }
    this.table.update(await get("shovels", { signal }));
  }

  edit(row) {
    this.showForm(this.parameters.get(keyOf(row)) ?? null);
    this.place.scrollIntoView({ block: "start" });
    this.place.querySelector("input").focus();
  }

  async restart(row) {
    await send("DELETE", path(["shovels", "vhost", row.vhost, row.name, "restart"]));
    toast(`${row.name} begins again.`);
    await this.context.refresh();
  }

  async remove(row) {
    if (!await confirm({ title: `Delete the shovel ${row.name}?`,
      text: "What it has not moved stays where it is." })) return;
    await send("DELETE", path(["shovels", "vhost", row.vhost, row.name]));
    toast(`${row.name} is deleted.`);
    await this.context.refresh();
  }

  showForm(row) {
    if (!this.mayChange) return;
    replace(this.place, h("section.card", shovelForm({ row, vhosts: this.vhosts,
      onSaved: async () => {
        this.showForm(null);
        await this.context.refresh();
      } })));
  }
}
