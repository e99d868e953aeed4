// Runtime parameters of all components, as JSON: what has no page of its own can be set here.
import { get, path, send } from "../api.js";
import { h, replace } from "../dom.js";
import { action, choice, confirm, field, form, input, toast } from "../form.js";
import { vhostNames } from "../listing.js";
import { LocalTable } from "../table.js";

export const title = "Parameters";

export async function show(context) {
  const page = new Page(context, await vhostNames(context.signal));
  await context.every(() => page.refresh());
}

class Page {
  constructor(context, vhosts) {
    this.context = context;
    this.vhosts = vhosts;
    this.table = new LocalTable({ label: "Parameters", columns: this.columns(),
      key: (row) => JSON.stringify([row.component, row.vhost, row.name]),
      empty: "There is none." });
    this.place = h("div");
    context.root.append(h("div.head", h("div.titles", h("h1", "Parameters"),
      h("p.hint", "Shovels, limits of virtual hosts and operator policies are parameters. Their "
        + "values may hold passwords."))),
    h("div.stack", h("section.card", this.table.element), this.place));
    this.showForm(null);
  }

  columns() {
    return [
      { id: "component", label: "Component", sort: (row) => row.component,
        cell: (row) => row.component },
      { id: "vhost", label: "Virtual host", sort: (row) => row.vhost, cell: (row) => row.vhost },
      { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => row.name },
      { id: "keys", label: "Keys", cell: (row) => ({ badges:
        Object.keys(row.value ?? {}).map((name) => ({ text: name })) }) },
      { id: "actions", label: "", cell: (row) => ({ row, node: () => h("div.buttons",
        action("Edit", () => this.edit(row), { class: "small" }),
        action("Delete", () => this.remove(row), { class: "small" })) }) },
    ];
  }

  async refresh() {
    this.table.update(await get("parameters", { signal: this.context.signal }));
  }

  edit(row) {
    this.showForm(row);
    this.place.scrollIntoView({ block: "start" });
    this.place.querySelector("input").focus();
  }

  async remove(row) {
    if (!await confirm({ title: `Delete the parameter ${row.name}?`,
      text: `Its component, ${row.component}, does without it from now on.` })) return;
    await send("DELETE", path(["parameters", row.component, row.vhost, row.name]));
    toast(`${row.name} is deleted.`);
    await this.context.refresh();
  }

  showForm(row) {
    const component = input({ required: true, value: row?.component ?? "" });
    const vhost = choice(this.vhosts, row?.vhost);
    const name = input({ required: true, value: row?.name ?? "" });
    const value = h("textarea", { spellcheck: "false", required: true,
      value: JSON.stringify(row?.value ?? {}, null, 2) });
    const save = async () => {
      let read;
      try {
        read = JSON.parse(value.value);
      } catch (error) {
        throw new Error(`The value is no JSON: ${error.message}`);
      }
      await send("PUT", path(["parameters", component.value, vhost.value, name.value]),
        { value: read });
      toast(`${name.value} is saved.`);
      this.showForm(null);
      await this.context.refresh();
    };
    replace(this.place, h("section.card", form({ save,
      title: row ? `Change ${row.name}` : "Set a parameter", fields: [
        h("div.columns", field("Component", component,
          "shovel, vhost-limits or operator_policy"), field("Virtual host", vhost),
        field("Name", name)), field("Value", value, "JSON")] })));
  }
}
