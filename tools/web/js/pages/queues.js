// All queues and streams, and a form to declare one.
import { path, send } from "../api.js";
import { Arguments, queueArguments } from "../arguments.js";
import { h } from "../dom.js";
import { check, choice, field, foldedForm, input, toast } from "../form.js";
import { Listing, vhostNames } from "../listing.js";
import { queueColumns, queueQuery } from "../queue-columns.js";

export const title = "Queues";

export async function show(context) {
  const vhosts = await vhostNames(context.signal);
  const listing = new Listing(context, {
    id: "queues", label: "Queues", vhosts, columns: queueColumns, query: queueQuery,
    where: (vhost) => (vhost ? ["queues", vhost] : ["queues", "detailed"]),
    key: (row) => JSON.stringify([row.vhost, row.name]),
    empty: "No queue here, or none that matches the filter.",
  });
  context.root.append(h("div.head", h("div.titles", h("h1", "Queues and streams"))),
    h("div.stack", listing.element, declareForm(vhosts, () => listing.refresh())));
  await context.every(() => listing.refresh());
}

function declareForm(vhosts, onDone) {
  const vhost = choice(vhosts);
  const name = input({ required: true });
  const type = choice([["classic", "classic"], ["quorum", "quorum"], ["stream", "stream"]]);
  const durable = check("durable: survives a restart", true);
  const autoDelete = check("auto-delete: goes with its last consumer");
  const values = new Arguments("Arguments", queueArguments);
  return foldedForm({
    title: "Declare a queue", button: "Declare",
    fields: [
      h("div.columns", field("Virtual host", vhost), field("Name", name), field("Type", type)),
      h("div.checks", durable.element, autoDelete.element),
      values.element,
    ],
    save: async () => {
      const body = { durable: durable.box.checked, auto_delete: autoDelete.box.checked,
        arguments: { "x-queue-type": type.value, ...values.value() } };
      await send("PUT", path(["queues", vhost.value, name.value]), body);
      toast(`Queue ${name.value} is declared.`);
      name.value = "";
      await onDone();
    },
  });
}
