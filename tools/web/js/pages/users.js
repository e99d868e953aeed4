// Users, with their tags and virtual hosts, and a form to add one.
import { get, path, send } from "../api.js";
import { h } from "../dom.js";
import { field, foldedForm, input, toast } from "../form.js";
import { href } from "../router.js";
import { LocalTable } from "../table.js";
import { TagChoice } from "../tags.js";

export const title = "Users";

export async function show(context) {
  let rights = [];
  const table = new LocalTable({ label: "Users", key: (row) => row.name, empty: "There is none.",
    columns: [
      { id: "name", label: "Name", sort: (row) => row.name, cell: (row) => ({ text: row.name,
        href: href(["users", row.name]) }) },
      { id: "tags", label: "Tags", sort: (row) => row.tags.join(), cell: (row) => ({
        badges: row.tags.map((tag) => (
          { text: tag, kind: tag === "administrator" ? "accent" : "" })) }) },
      { id: "vhosts", label: "May use", sort: (row) => vhostsOf(row).join(), cell: (row) => ({
        badges: vhostsOf(row).length > 0 ? vhostsOf(row).map((name) => ({ text: name }))
          : [{ text: "no virtual host", kind: "warn" }] }) },
      { id: "password", label: "Password", sort: (row) => Number(row.password_hash !== ""),
        cell: (row) => (row.password_hash === "" ? "none" : "set") },
      { id: "limits", label: "Limits", cell: (row) => ({ badges: Object.entries(row.limits ?? {})
        .map(([name, value]) => ({ text: `${name}: ${value}` })) }) },
    ] });
  const vhostsOf = (row) => rights.filter((one) => one.user === row.name).map((one) => one.vhost);
  const refresh = async () => {
    const [users, permissions] = await Promise.all([get("users", { signal: context.signal }),
      get("permissions", { signal: context.signal })]);
    rights = permissions;
    table.update(users);
  };
  context.root.append(h("div.head", h("div.titles", h("h1", "Users"))),
    h("div.stack", h("section.card", table.element), addForm(refresh)));
  await context.every(refresh);
}

function addForm(onDone) {
  const name = input({ required: true });
  const password = input({ type: "password", autocomplete: "new-password", required: true });
  const tags = new TagChoice([]);
  return foldedForm({ title: "Add a user", button: "Add",
    fields: [h("div.columns", field("Name", name), field("Password", password)), tags.element],
    save: async () => {
      await send("PUT", path(["users", name.value]), { password: password.value,
        tags: tags.value().join(",") });
      toast(`User ${name.value} is there. Now give permissions.`);
      password.value = "";
      location.hash = href(["users", name.value]);
      await onDone();
    } });
}
