// An editor of arguments: names with values of a kind, and names to choose from.
import { h, newId } from "./dom.js";

const kinds = [["string", "text"], ["number", "number"], ["boolean", "yes or no"],
  ["json", "JSON"]];

export const queueArguments = {
  "x-queue-type": "string", "x-message-ttl": "number", "x-expires": "number",
  "x-max-length": "number", "x-max-length-bytes": "number", "x-overflow": "string",
  "x-dead-letter-exchange": "string", "x-dead-letter-routing-key": "string",
  "x-dead-letter-strategy": "string", "x-max-priority": "number", "x-delivery-limit": "number",
  "x-single-active-consumer": "boolean", "x-max-age": "string",
};
export const exchangeArguments = { "alternate-exchange": "string", "x-delayed-type": "string" };
export const policyKeys = {
  "message-ttl": "number", expires: "number", "max-length": "number", "max-length-bytes": "number",
  overflow: "string", "dead-letter-exchange": "string", "dead-letter-routing-key": "string",
  "dead-letter-strategy": "string", "delivery-limit": "number", "consumer-timeout": "number",
  "max-age": "string", "alternate-exchange": "string",
};

export class Arguments {
  // `known`: name -> kind.
  constructor(label, known = {}, values = {}) {
    this.known = known;
    this.listId = newId("names");
    this.rows = h("div.pairs");
    this.element = h("fieldset.arguments", h("legend", label),
      h("datalist", { id: this.listId },
        Object.keys(known).map((name) => h("option", { value: name }))),
      this.rows,
      h("button.small", { type: "button", onclick: () => this.add("", "").focus() }, "+ Add"));
    for (const [name, value] of Object.entries(values)) this.add(name, value);
  }

  add(name, value) {
    const kind = typeof value === "object" ? "json" : typeof value;
    const nameInput = h("input", { value: name, list: this.listId, placeholder: "name",
      "aria-label": "Name of the argument", spellcheck: "false",
      onchange: () => {
        if (this.known[nameInput.value]) kindInput.value = this.known[nameInput.value];
      } });
    const valueInput = h("input", { value: kind === "json" ? JSON.stringify(value) : String(value),
      placeholder: "value", "aria-label": "Value of the argument", spellcheck: "false" });
    const kindInput = h("select", { "aria-label": "Kind of the value" },
      kinds.map(([id, label]) => h("option", { value: id, selected: id === kind }, label)));
    const row = h("div.pair", nameInput, valueInput, kindInput,
      h("button.small", { type: "button", "aria-label": "Remove the argument",
        onclick: () => row.remove() }, "×"));
    row.read = () => [nameInput.value, readValue(nameInput.value, valueInput.value,
      kindInput.value)];
    this.rows.append(row);
    return nameInput;
  }

  value() {
    const result = {};
    for (const row of this.rows.children) {
      const [name, value] = row.read();
      if (name !== "") result[name] = value;
    }
    return result;
  }
}

function readValue(name, text, kind) {
  if (kind === "string") return text;
  if (kind === "boolean") {
    if (/^(true|yes)$/i.test(text)) return true;
    if (/^(false|no)$/i.test(text)) return false;
    throw new Error(`${name}: write yes or no`);
  }
  if (kind === "number") {
    if (!/^-?\d+(\.\d+)?$/.test(text.trim())) throw new Error(`${name}: this is no number`);
    return Number(text);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name}: this is no JSON`);
  }
}
