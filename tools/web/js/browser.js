// The messages of a queue: looked at without taking them, or taken on purpose.
import { path, send } from "./api.js";
import { h, replace } from "./dom.js";
import { choice, confirm, field, form, input } from "./form.js";
import { count, number } from "./format.js";
import { messageView } from "./message.js";
import { streamBrowser } from "./stream-browser.js";

const truncateAt = 65536;

export function messageBrowser({ vhost, name, type, onTaken }) {
  if (type === "stream") return streamBrowser({ vhost, name });
  const mode = choice([["ack_requeue_true", "look at them: they stay where they are"],
    ["ack_requeue_false", "take them out of the queue"],
    ["reject_requeue_false", "reject them: to the dead letter exchange, or gone"]]);
  const amount = input({ type: "number", min: 1, max: 1000, value: "10", required: true });
  const filter = input({ type: "search", placeholder: "text in key, headers or body" });
  const found = h("div", { "aria-live": "polite" });
  let messages = null;
  const show = () => {
    if (messages === null) return;
    const words = filter.value.toLowerCase();
    const shown = messages.filter((one) => words === ""
      || JSON.stringify(one).toLowerCase().includes(words));
    replace(found, h("p.hint", tell(messages.length, shown.length)),
      shown.map((one) => {
        const place = messages.indexOf(one) + 1;
        return messageView(one, { label: `#${place}`, vhost, isOpen: place === 1 });
      }));
  };
  filter.addEventListener("input", show);
  const fetchMessages = async () => {
    const isTaking = mode.value !== "ack_requeue_true";
    if (isTaking && !await confirm({ title: "Take messages out?", button: "Take them out",
      text: `Up to ${amount.value} messages leave ${name}. They are shown here and nowhere `
        + "else." })) {
      return;
    }
    messages = await send("POST", path(["queues", vhost, name, "get"]), {
      count: amount.valueAsNumber, ackmode: mode.value, encoding: "auto", truncate: truncateAt });
    show();
    if (isTaking) await onTaken();
  };
  return h("div.stack", h("section.card", form({ button: "Get messages", save: fetchMessages,
    fields: h("div.columns", field("What to do", mode), field("How many", amount),
      field("Show only", filter)) })), found);
}

function tell(all, shown) {
  if (all === 0) return "The queue has no ready message.";
  return shown === all ? `${count(all, "message")}, the oldest first`
    : `${number(shown)} of ${count(all, "message")} match`;
}
