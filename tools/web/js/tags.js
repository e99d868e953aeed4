// The tags of a user: what he may do on this page and over the HTTP API.
import { h } from "./dom.js";
import { check, field, input } from "./form.js";

const known = [
  ["administrator", "everything"],
  ["monitoring", "sees all virtual hosts, connections and the node"],
  ["policymaker", "policies and parameters of own virtual hosts"],
  ["management", "own virtual hosts, queues and connections"],
];

export class TagChoice {
  constructor(tags) {
    this.boxes = known.map(([tag, meaning]) => ({ tag,
      ...check(`${tag}: ${meaning}`, tags.includes(tag)) }));
    this.others = input({ value: tags.filter((tag) => !known.some(([name]) => name === tag))
      .join(", ") });
    this.element = h("div", h("fieldset.arguments", h("legend", "Tags"),
      h("div.checks", this.boxes.map((box) => box.element)),
      field("Other tags", this.others, "with commas between them; without a tag the user can use "
        + "AMQP but not this page")));
  }

  value() {
    return [...this.boxes.filter((one) => one.box.checked).map((one) => one.tag),
      ...this.others.value.split(",").map((tag) => tag.trim()).filter(Boolean)];
  }
}
