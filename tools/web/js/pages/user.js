// One user: password, tags, permissions with the tester, limits, delete.
import { get, path, send } from "../api.js";
import { h } from "../dom.js";
import { action, confirm, field, form, input, toast } from "../form.js";
import { vhostNames } from "../listing.js";
import {
  PermissionTable, TopicTable, permissionForm, permissionTester, topicForm,
} from "../permissions.js";
import { currentUser } from "../session.js";
import { TagChoice } from "../tags.js";

export const title = (params) => params.name;

export async function show(context) {
  const { name } = context.params;
  const { signal } = context;
  const [user, vhosts] = await Promise.all([get(path(["users", name]), { signal }),
    vhostNames(signal)]);
  const refresh = () => context.refresh();
  const permissions = new PermissionTable("vhost", refresh);
  const topics = new TopicTable(refresh);
  const remove = action("Delete", async () => {
    if (!await confirm({ title: `Delete ${name}?`, word: name,
      text: "The user, the permissions and the connections are gone." })) return;
    await send("DELETE", path(["users", name]));
    toast(`${name} is deleted.`);
    location.hash = "#/users";
  }, { class: "danger", disabled: name === currentUser().name });
  context.root.append(
    h("div.head", h("div.titles", h("div.crumbs", h("a", { href: "#/users" }, "Users")),
      h("h1", name)), remove),
    h("div.grid", h("section.card", accountForm(user, refresh)),
      h("section.card", limitForm(user, refresh))),
    h("div.stack",
      h("section.card", h("h2", "Permissions"), permissions.element),
      h("section.card", h("h2", "Topic permissions"), topics.element),
      h("div.grid", h("section.card", permissionForm({ user: name, vhosts, onDone: refresh })),
        h("section.card", permissionTester({ user: name, vhosts })),
        h("section.card", topicForm({ user: name, vhosts, onDone: refresh })))));
  await context.every(async () => {
    const [rights, topicRights] = await Promise.all([
      get(path(["users", name, "permissions"]), { signal }),
      get(path(["users", name, "topic-permissions"]), { signal })]);
    permissions.update(rights);
    topics.update(topicRights);
  });
}

function accountForm(user, onDone) {
  const password = input({ type: "password", autocomplete: "new-password" });
  const tags = new TagChoice(user.tags);
  return form({ title: "Password and tags", button: "Save", fields: [
    field("New password", password, "empty: the password stays"), tags.element],
  save: async () => {
    const body = { tags: tags.value().join(",") };
    if (password.value !== "") body.password = password.value;
    else body.password_hash = user.password_hash;
    if (!("password" in body)) body.hashing_algorithm = user.hashing_algorithm;
    await send("PUT", path(["users", user.name]), body);
    const isOwn = user.name === currentUser().name && password.value !== "";
    password.value = "";
    toast(isOwn ? "Saved. Log in again with the new password." : "Saved.");
    await onDone();
  } });
}

function limitForm(user, onDone) {
  const controls = { "max-connections": input({ type: "number", min: "-1" }),
    "max-channels": input({ type: "number", min: "-1" }) };
  for (const [limit, control] of Object.entries(controls)) {
    control.value = user.limits?.[limit] ?? "";
  }
  return form({ title: "Limits", button: "Save the limits",
    fields: h("div.columns", field("Most connections", controls["max-connections"],
      "empty: no limit"), field("Most channels", controls["max-channels"], "empty: no limit")),
    save: async () => {
      for (const [limit, control] of Object.entries(controls)) {
        const where = path(["user-limits", user.name, limit]);
        if (control.value === "") await send("DELETE", where);
        else await send("PUT", where, { value: control.valueAsNumber });
      }
      toast("The limits are saved.");
      await onDone();
    } });
}
