// One virtual host: limits, who may use it, tracing, protection, delete.
import { get, path, send } from "../api.js";
import { link } from "../cells.js";
import { h } from "../dom.js";
import { action, confirm, facts, field, form, input, toast, updateFacts } from "../form.js";
import { number } from "../format.js";
import { PermissionTable, permissionForm } from "../permissions.js";
import { href } from "../router.js";

export const title = (params) => params.name;

export async function show(context) {
  const { name } = context.params;
  const { signal } = context;
  const list = facts([]);
  const permissions = new PermissionTable("user", () => context.refresh());
  const [limitsNow, users] = await Promise.all([get(path(["vhost-limits", name]), { signal }),
    get("users?columns=name", { signal })]);
  let vhost = null;
  const set = (change, text) => async () => {
    await send("PUT", path(["vhosts", name]), change());
    toast(text);
    await context.refresh();
  };
  const trace = action("Trace messages", set(() => ({ tracing: !vhost.tracing }),
    "Tracing is changed."));
  const protect = action("Protect from deletion", set(() => (
    { protected_from_deletion: !vhost.protected_from_deletion }), "Protection is changed."));
  const remove = action("Delete", async () => {
    if (!await confirm({ title: `Delete ${name}?`, word: name,
      text: "All its queues with their messages, exchanges, bindings, policies and permissions are "
        + "gone for good, and its connections are closed." })) return;
    await send("DELETE", path(["vhosts", name]));
    toast(`${name} is deleted.`);
    location.hash = "#/vhosts";
  }, { class: "danger" });
  context.root.append(
    h("div.head", h("div.titles", h("div.crumbs", h("a", { href: "#/vhosts" }, "Virtual hosts")),
      h("h1", name)), h("div.buttons", trace, protect, remove)),
    h("div.stack", h("section.card", h("h2", "Details"), list),
      h("section.card", limitForm(name, limitsNow[0]?.value ?? {}, () => context.refresh())),
      h("section.card", h("h2", "Who may do what"), permissions.element),
      h("section.card", permissionForm({ vhost: name, users: users.map((user) => user.name),
        onDone: () => context.refresh() }))));
  await context.every(async () => {
    const [row, limitRows, rights] = await Promise.all([get(path(["vhosts", name]), { signal }),
      get(path(["vhost-limits", name]), { signal }),
      get(path(["vhosts", name, "permissions"]), { signal })]);
    vhost = row;
    trace.textContent = row.tracing ? "Stop tracing" : "Trace messages";
    protect.textContent = row.protected_from_deletion ? "Allow deletion" : "Protect from deletion";
    remove.disabled = row.protected_from_deletion;
    const values = limitRows[0]?.value ?? {};
    updateFacts(list, [["Description", row.description || "none"],
      ["Tags", row.tags.join(", ") || "none"], ["Default queue type", row.default_queue_type],
      ["Messages", number(row.messages)], ["Tracing", row.tracing
        ? h("span", "on: copies of all messages go to the exchange amq.rabbitmq.trace; ",
          link(href(["trace"], { vhost: name }), "look at them")) : "off"],
      ["Most connections", number(values["max-connections"])],
      ["Most queues", number(values["max-queues"])]]);
    permissions.update(rights);
  });
}

function limitForm(name, values, onDone) {
  const control = (limit) => input({ type: "number", min: "-1", value: values[limit] ?? "" });
  const controls = { "max-connections": control("max-connections"),
    "max-queues": control("max-queues") };
  return form({ title: "Limits", button: "Save the limits",
    fields: h("div.columns", field("Most connections", controls["max-connections"],
      "empty: no limit"), field("Most queues", controls["max-queues"], "empty: no limit")),
    save: async () => {
      for (const [limit, one] of Object.entries(controls)) {
        const where = path(["vhost-limits", name, limit]);
        if (one.value === "") await send("DELETE", where);
        else await send("PUT", where, { value: one.valueAsNumber });
      }
      toast("The limits are saved.");
      await onDone();
    } });
}
