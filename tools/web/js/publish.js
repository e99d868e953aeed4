// The form that publishes a message.
import { path, send } from "./api.js";
import { Arguments } from "./arguments.js";
import { h } from "./dom.js";
import { choice, field, form, input, toast } from "./form.js";

const properties = {
  content_type: "string", content_encoding: "string", correlation_id: "string", reply_to: "string",
  expiration: "string", message_id: "string", timestamp: "number", type: "string",
  user_id: "string", app_id: "string", priority: "number",
};

// `fixed`: { exchange, key } of a queue's page; of an exchange the key is asked for.
export function publishForm({ vhost, exchange, key, onDone }) {
  const routingKey = input({ value: key ?? "" });
  const mode = choice([["2", "persistent: survives a restart"], ["1", "transient"]]);
  const headers = new Arguments("Headers");
  const others = new Arguments("Properties", properties);
  const payload = h("textarea", { spellcheck: "false" });
  const encoding = choice([["string", "text"], ["base64", "base64 (any bytes)"]]);
  const save = async () => {
    const body = {
      routing_key: routingKey.value, payload: payload.value, payload_encoding: encoding.value,
      properties: { ...others.value(), delivery_mode: Number(mode.value),
        headers: headers.value() },
    };
    const answer = await send("POST", path(["exchanges", vhost, exchange || "amq.default",
      "publish"]), body);
    if (answer.routed) toast("The message is published and was routed.");
    else toast("The message was published, but no queue is bound for it: it is gone.", "bad");
    await onDone?.();
  };
  return form({ button: "Publish", save, fields: [
    h("div.columns", key === undefined && field("Routing key", routingKey),
      field("Delivery", mode), field("The body is", encoding)),
    field("Body", payload), headers.element, others.element,
  ] });
}
