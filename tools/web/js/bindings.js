// Bindings of a queue or an exchange: the picture, the list, and a form for one more.
import { get, path, send } from "./api.js";
import { Arguments } from "./arguments.js";
import { argumentBadges, exchangeHref, queueHref } from "./cells.js";
import { h } from "./dom.js";
import { action, choice, confirm, field, form, input, toast } from "./form.js";
import { exchangeName, none } from "./format.js";
import { Picture } from "./picture.js";
import { LocalTable } from "./table.js";

export class Bindings {
  // `own`: { kind: "queue" or "exchange", name, vhost }
  constructor(own, signal) {
    this.own = own;
    this.signal = signal;
    this.picture = new Picture();
    this.table = new LocalTable({ label: "Bindings", empty: "No bindings.",
      key: (row) => JSON.stringify([row.source, row.destination_type, row.destination,
        row.properties_key]),
      columns: this.columns() });
    const isDefault = own.kind === "exchange" && own.name === "";
    this.element = h("div.stack",
      h("section.card", h("h2", "Picture"), this.picture.element),
      h("section.card", h("h2", "Bindings"), this.table.element),
      isDefault ? h("p.hint", "Each queue is bound to the default exchange by its name; that "
        + "cannot be changed.") : this.addForm());
  }

  columns() {
    const columns = [
      { id: "source", label: "From", sort: (row) => row.source,
        cell: (row) => ({ text: exchangeName(row.source),
          href: exchangeHref(row.vhost, row.source) }) },
      { id: "destination", label: "To", sort: (row) => row.destination,
        cell: (row) => ({ text: row.destination, badges: [{ text: row.destination_type }],
          href: row.destination_type === "queue" ? queueHref(row.vhost, row.destination)
            : exchangeHref(row.vhost, row.destination) }) },
      { id: "key", label: "Routing key", sort: (row) => row.routing_key,
        cell: (row) => row.routing_key || none },
      { id: "arguments", label: "Arguments",
        cell: (row) => ({ badges: argumentBadges(row.arguments) }) },
      { id: "unbind", label: "", cell: (row) => this.unbindCell(row) },
    ];
    return columns;
  }

  unbindCell(row) {
    if (row.source === "") return { text: "by its name", kind: "quiet" };
    return { sign: "unbind", node: () => action("Unbind", () => this.unbind(row),
      { class: "small" }) };
  }

  async refresh() {
    const { vhost, name, kind } = this.own;
    if (kind === "queue") {
      this.into = await get(path(["queues", vhost, name, "bindings"]), { signal: this.signal });
      this.outOf = [];
    } else {
      const base = ["exchanges", vhost, name || "amq.default", "bindings"];
      [this.into, this.outOf] = await Promise.all(["destination", "source"].map((end) =>
        get(path([...base, end]), { signal: this.signal })));
    }
    this.picture.update(this.own, this.into, this.outOf);
    this.table.update([...this.into, ...this.outOf]);
  }

  async unbind(row) {
    const kind = row.destination_type === "queue" ? "q" : "e";
    const isSure = await confirm({ title: "Unbind?", button: "Unbind",
      text: `${row.destination} gets nothing more from ${exchangeName(row.source)} by this `
        + "binding." });
    if (!isSure) return;
    await send("DELETE", path(["bindings", row.vhost, "e", row.source, kind, row.destination,
      row.properties_key]));
    toast("The binding is gone.");
    await this.refresh();
  }

  addForm() {
    const { vhost, name, kind } = this.own;
    const key = input({});
    const values = new Arguments("Arguments", { "x-match": "string" });
    const other = input({ required: true });
    const to = choice([["q", "a queue"], ["e", "an exchange"]]);
    const add = async () => {
      const ends = kind === "queue" ? [other.value, "q", name] : [name, to.value, other.value];
      await send("POST", path(["bindings", vhost, "e", ...ends]), { routing_key: key.value,
        arguments: values.value() });
      toast("The binding is there.");
      key.value = "";
      other.value = "";
      await this.refresh();
    };
    return h("section.card", form({ title: kind === "queue" ? "Bind to an exchange"
      : "Bind something to this exchange", button: "Bind", save: add,
    fields: [h("div.columns",
      kind === "queue" ? field("From exchange", other)
        : [field("To", to), field("Name", other)],
      field("Routing key", key)), values.element] }));
  }
}
