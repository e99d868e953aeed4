// The form of a shovel: both ends, when it ends, how it acknowledges. Keys it has no field for stay
// as they are when a shovel is changed.
import { path, send } from "./api.js";
import { h } from "./dom.js";
import { check, choice, field, form, input, toast } from "./form.js";

const kinds = [["queue", "queue"], ["exchange", "exchange"]];

// One side, "src" or "dest". A target without a queue and an exchange keeps each message's own.
class End {
  constructor(side, label, value) {
    this.side = side;
    const kind = value[`${side}-exchange`] === undefined ? "queue" : "exchange";
    const uri = value[`${side}-uri`];
    this.uri = input({ required: true,
      value: Array.isArray(uri) ? uri.join(" ") : uri ?? "amqp://" });
    this.kind = choice(kinds, kind);
    this.name = input({ value: value[`${side}-${kind}`] ?? "", required: side === "src" });
    this.key = input({ value: value[`${side}-exchange-key`] ?? "" });
    this.element = h("fieldset", h("legend", label), h("div.columns",
      field("URI", this.uri, "amqp:// is this broker; amqp://user:password@host/vhost another; "
        + "amqps:// over TLS"),
      field("Queue or exchange", this.kind), field("Its name", this.name),
      field("Routing key", this.key, "of an exchange")));
  }

  write(value) {
    const { side } = this;
    for (const key of ["queue", "exchange", "exchange-key"]) delete value[`${side}-${key}`];
    const uris = this.uri.value.trim().split(/\s+/);
    value[`${side}-uri`] = uris.length === 1 ? uris[0] : uris;
    if (this.name.value !== "") value[`${side}-${this.kind.value}`] = this.name.value;
    if (this.key.value !== "") value[`${side}-exchange-key`] = this.key.value;
  }
}

// `row`: { vhost, name, value } of one that is changed, or null.
export function shovelForm({ row, vhosts, onSaved }) {
  const old = row?.value ?? {};
  const vhost = choice(vhosts, row?.vhost);
  const name = input({ required: true, value: row?.name ?? "" });
  const from = new End("src", "From", old);
  const to = new End("dest", "To", old);
  const after = input({ value: String(old["src-delete-after"] ?? "never"), required: true });
  const mode = choice(["on-confirm", "on-publish", "no-ack"], old["ack-mode"]);
  const delay = input({ type: "number", min: 0, value: String(old["reconnect-delay"] ?? 5) });
  const prefetch = input({ type: "number", min: 0,
    value: String(old["src-prefetch-count"] ?? 1000) });
  const rate = input({ type: "number", min: 0, value: String(old["lepus-rate-limit"] ?? 0) });
  const forward = check("add the header x-shovelled", old["dest-add-forward-headers"]);
  const save = async () => {
    const value = { ...old };
    from.write(value);
    to.write(value);
    value["src-delete-after"] = /^\d+$/.test(after.value) ? Number(after.value) : after.value;
    value["ack-mode"] = mode.value;
    value["reconnect-delay"] = delay.valueAsNumber;
    value["src-prefetch-count"] = prefetch.valueAsNumber;
    value["dest-add-forward-headers"] = forward.box.checked;
    if (rate.valueAsNumber > 0) value["lepus-rate-limit"] = rate.valueAsNumber;
    else delete value["lepus-rate-limit"];
    await send("PUT", path(["parameters", "shovel", vhost.value, name.value]), { value });
    toast(`Shovel ${name.value} is saved.`);
    await onSaved();
  };
  return form({ title: row ? `Change ${row.name}` : "Add a shovel", save, fields: [
    h("div.columns", field("Virtual host", vhost), field("Name", name)),
    from.element, to.element,
    h("div.columns",
      field("Ends", after, "never, queue-length (after what is there now), or a number of "
        + "messages"),
      field("Acknowledges", mode), field("Tries again after", delay, "seconds; 0: never"),
      field("Prefetch", prefetch), field("Messages a second", rate, "at most; 0: no limit")),
    forward.element] });
}
