// The form that moves messages of a queue: all, some, dead letters back to where they died. A
// shovel does it, which ends by itself.
import { path, send } from "./api.js";
import { h } from "./dom.js";
import { choice, field, form, input, toast } from "./form.js";

const targets = [["to", "another queue"], ["to_exchange", "an exchange"],
  ["last", "where they died (dead letters)"], ["first", "where they died the first time"]];

export function moveForm({ vhost, name, onDone }) {
  const target = choice(targets);
  const to = input({ required: true });
  const toField = field("Its name", to);
  const count = input({ type: "number", min: 1 });
  const rate = input({ type: "number", min: 1 });
  const died = input({});
  const reason = choice([["", "any"], "rejected", "expired", "maxlen", "delivery_limit"]);
  const key = input({});
  const id = input({});
  const isNamed = () => target.value.startsWith("to");
  target.addEventListener("change", () => {
    toField.hidden = !isNamed();
    to.required = isNamed();
  });
  const save = async () => {
    const body = isNamed() ? { [target.value]: to.value } : { to_origin: target.value };
    if (count.value !== "") body.count = count.valueAsNumber;
    if (rate.value !== "") body.rate = rate.valueAsNumber;
    for (const [option, control] of [["died_in", died], ["reason", reason], ["key", key],
      ["message_id", id]]) {
      if (control.value !== "") body[option] = control.value;
    }
    const answer = await send("POST", path(["queues", vhost, name, "move"]), body);
    toast(`Messages are moved by the shovel “${answer.value}”.`);
    await onDone?.();
  };
  return h("div.stack", h("p.hint", "What is in the queue now is moved, in order. A message leaves "
    + "when its target has confirmed it; after a crash it may be there twice. ",
  h("a", { href: "#/shovels" }, "Shovels"), " shows how far it is, and ends it."),
  form({ button: "Move messages", save, fields: [
    h("div.columns", field("To", target), toField,
      field("Number", count, "without it all that are there"),
      field("Messages a second", rate, "at most")),
    h("div.columns", field("Only those that died in", died, "a queue"),
      field("Only those that died by", reason), field("Only with the routing key", key),
      field("Only with the message id", id))] }));
}
