// All exchanges, and a form to declare one.
import { get, path, send } from "../api.js";
import { Arguments, exchangeArguments } from "../arguments.js";
import { argumentBadges, exchangeHref, rateColumn, vhostColumn } from "../cells.js";
import { h } from "../dom.js";
import { check, choice, field, foldedForm, input, toast } from "../form.js";
import { exchangeName, number } from "../format.js";
import { Listing, vhostNames } from "../listing.js";

export const title = "Exchanges";

const columns = [
  { id: "name", label: "Name", sort: "name", cell: (row) => ({ text: exchangeName(row.name),
    href: exchangeHref(row.vhost, row.name) }) },
  vhostColumn(),
  { id: "type", label: "Type", sort: "type", cell: (row) => ({ badges: [{ text: row.type }] }) },
  { id: "features", label: "Features", cell: (row) => ({ badges: features(row) }) },
  rateColumn("publish_in", "In"),
  rateColumn("publish_out", "Out"),
  { id: "delayed", label: "Delayed", num: true, isOptional: true, sort: "messages_delayed",
    cell: (row) => (row.messages_delayed === undefined ? "" : number(row.messages_delayed)) },
];

function features(row) {
  const badges = [];
  if (!row.durable) badges.push({ text: "transient", title: "gone with a restart" });
  if (row.auto_delete) badges.push({ text: "auto-delete" });
  if (row.internal) badges.push({ text: "internal", title: "clients cannot publish to it" });
  if (row.policy) badges.push({ text: row.policy, kind: "accent", title: "policy" });
  return [...badges, ...argumentBadges(row.arguments)];
}

export async function show(context) {
  const [vhosts, overview] = await Promise.all([vhostNames(context.signal),
    get("overview?columns=exchange_types", { signal: context.signal })]);
  const listing = new Listing(context, {
    id: "exchanges", label: "Exchanges", vhosts, columns,
    where: (vhost) => (vhost ? ["exchanges", vhost] : ["exchanges"]),
    key: (row) => JSON.stringify([row.vhost, row.name]),
    empty: "No exchange here, or none that matches the filter.",
  });
  context.root.append(h("div.head", h("div.titles", h("h1", "Exchanges"))),
    h("div.stack", listing.element, declareForm(vhosts,
      overview.exchange_types.map((type) => type.name), () => listing.refresh())));
  await context.every(() => listing.refresh());
}

function declareForm(vhosts, types, onDone) {
  const vhost = choice(vhosts);
  const name = input({ required: true });
  const type = choice(types);
  const durable = check("durable: survives a restart", true);
  const autoDelete = check("auto-delete: goes with its last binding");
  const internal = check("internal: clients cannot publish to it");
  const values = new Arguments("Arguments", exchangeArguments);
  return foldedForm({
    title: "Declare an exchange", button: "Declare",
    fields: [
      h("div.columns", field("Virtual host", vhost), field("Name", name), field("Type", type)),
      h("div.checks", durable.element, autoDelete.element, internal.element),
      values.element,
    ],
    save: async () => {
      await send("PUT", path(["exchanges", vhost.value, name.value]), { type: type.value,
        durable: durable.box.checked, auto_delete: autoDelete.box.checked,
        internal: internal.box.checked, arguments: values.value() });
      toast(`Exchange ${name.value} is declared.`);
      name.value = "";
      await onDone();
    },
  });
}
