// Permissions: the table with a way to take them away, the form to give them, and the tester that
// answers "may this user write there?".
import { get, path, send } from "./api.js";
import { h, replace } from "./dom.js";
import { action, choice, confirm, field, form, input, toast } from "./form.js";
import { href } from "./router.js";
import { LocalTable } from "./table.js";

const kinds = ["configure", "write", "read"];

export class PermissionTable extends LocalTable {
  // `first`: "user" or "vhost", the column that tells rows apart on this page.
  constructor(first, onChange) {
    const head = first === "user"
      ? { id: "user", label: "User", sort: (row) => row.user, cell: (row) => ({ text: row.user,
        href: href(["users", row.user]) }) }
      : { id: "vhost", label: "Virtual host", sort: (row) => row.vhost, cell: (row) => ({
        text: row.vhost, href: href(["vhosts", row.vhost]) }) };
    super({ label: "Permissions", empty: "Nobody has any.",
      key: (row) => JSON.stringify([row.vhost, row.user]),
      columns: [head,
        ...kinds.map((kind) => ({ id: kind, label: kind, cell: (row) => (row[kind] === ""
          ? { text: "nothing", kind: "quiet" } : { text: row[kind], kind: "mono" }) })),
        { id: "take", label: "", cell: (row) => ({ node: () => action("Take away", async () => {
          if (!await confirm({ title: "Take the permissions away?", button: "Take away",
            text: `${row.user} can no longer log in to ${row.vhost}.` })) return;
          await send("DELETE", path(["permissions", row.vhost, row.user]));
          await onChange();
        }, { class: "small" }) }) }] });
  }
}

export class TopicTable extends LocalTable {
  constructor(onChange) {
    const text = (name, label) => ({ id: name, label, sort: (row) => row[name],
      cell: (row) => (row[name] === "" ? { text: "nothing", kind: "quiet" } : row[name]) });
    super({ label: "Topic permissions", empty: "None: all routing keys may be used.",
      key: (row) => JSON.stringify([row.vhost, row.exchange]),
      columns: [text("vhost", "Virtual host"), text("exchange", "Exchange"),
        text("write", "publish with"), text("read", "bind with"),
        { id: "take", label: "", cell: (row) => ({ node: () => action("Take away", async () => {
          await send("DELETE", path(["topic-permissions", row.vhost, row.user, row.exchange]));
          await onChange();
        }, { class: "small" }) }) }] });
  }
}

// Of one user in a virtual host to choose, or the other way round.
export function permissionForm({ user, vhosts, vhost, users, onDone }) {
  const other = choice(vhosts ?? users);
  const patterns = Object.fromEntries(kinds.map((kind) => [kind, input({ value: ".*" })]));
  const labels = { configure: "Configure", write: "Write", read: "Read" };
  return form({ title: "Give permissions", button: "Give", fields: h("div.columns",
    field(vhosts ? "Virtual host" : "User", other), ...kinds.map((kind) =>
      field(labels[kind], patterns[kind], "regular expression; empty: nothing"))),
  save: async () => {
    const where = ["permissions", vhost ?? other.value, user ?? other.value];
    await send("PUT", path(where), Object.fromEntries(
      kinds.map((kind) => [kind, patterns[kind].value])));
    toast("The permissions are saved.");
    await onDone();
  } });
}

export function topicForm({ user, vhosts, onDone }) {
  const vhost = choice(vhosts);
  const exchange = input({ required: true });
  const write = input({ value: ".*" });
  const read = input({ value: ".*" });
  return form({ title: "Limit routing keys of a topic exchange", button: "Limit", fields:
    h("div.columns", field("Virtual host", vhost), field("Exchange", exchange),
      field("Keys to publish with", write, "regular expression"),
      field("Keys to bind with", read, "regular expression")),
  save: async () => {
    await send("PUT", path(["topic-permissions", vhost.value, user]), {
      exchange: exchange.value, write: write.value, read: read.value });
    toast("The topic permissions are saved.");
    await onDone();
  } });
}

// Whether a pattern matches as the broker sees it: anywhere in the name, and an empty pattern only
// an empty name. Nothing when this browser cannot read the pattern.
export function matches(pattern, name) {
  if (pattern === "") return name === "";
  try {
    const isAnyCase = pattern.startsWith("(?i)");
    return new RegExp(isAnyCase ? pattern.slice(4) : pattern, isAnyCase ? "iu" : "u").test(name);
  } catch {
    return null;
  }
}

export function permissionTester({ user, vhosts }) {
  const kind = choice([["configure", "configure: declare or delete"],
    ["write", "write: publish, or bind as destination"],
    ["read", "read: consume, get, or bind as source"]], "write");
  const name = input({ required: true });
  const vhost = choice(vhosts);
  const verdict = h("p.verdict", { role: "status" });
  const test = async () => {
    const all = await get(path(["users", user, "permissions"]));
    const own = all.find((row) => row.vhost === vhost.value);
    const [mark, text] = judge(own, kind.value, name.value, user);
    replace(verdict, h("span.badge", { class: mark }, mark === "good" ? "Yes" : mark === "bad"
      ? "No" : "?"), text);
  };
  return h("div", form({ title: `May ${user} …?`, button: "Test", save: test,
    fields: h("div.columns", field("Permission", kind),
      field("Name of the queue or exchange", name), field("Virtual host", vhost)) }), verdict);
}

function judge(own, kind, name, user) {
  if (!own) {
    return ["bad", `${user} has no permissions in this virtual host and cannot log in there.`];
  }
  const result = matches(own[kind], name);
  if (result === null) {
    return ["warn", `This browser cannot read the pattern ${own[kind]}.`];
  }
  return result ? ["good", `The pattern ${own[kind]} matches “${name}”.`]
    : ["bad", own[kind] === "" ? `The ${kind} pattern is empty: it matches nothing.`
      : `The pattern ${own[kind]} does not match “${name}”.`];
}
