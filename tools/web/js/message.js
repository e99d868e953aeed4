// One message that was got: properties, headers, the body as text, JSON or hex, and where it died.
import { argumentList, exchangeHref, link, queueHref } from "./cells.js";
import { h, replace } from "./dom.js";
import { facts, toast } from "./form.js";
import { bytes, count, exchangeName, none, plain, time } from "./format.js";

const hexMax = 16384; // Bytes that are shown as hex.

// `label` names it, `badges` stand beside its key, `more` are pairs that are shown first.
export function messageView(message, { label, vhost, isOpen = false, badges = [], more = [] }) {
  const body = new Body(message);
  const { headers = {}, ...properties } = message.properties ?? {};
  const deaths = Array.isArray(headers["x-death"]) ? headers["x-death"] : [];
  return h("details.message", { open: isOpen },
    h("summary", h("b", label), badges, h("span", message.routing_key || none),
      message.redelivered && h("span.badge.warn", "redelivered"),
      deaths.length > 0 && h("span.badge.bad", `dead: ${deaths[0].reason}`),
      h("span.preview", body.preview()), h("span.quiet", bytes(message.payload_bytes))),
    h("div.inside",
      facts([...more, ["Exchange", link(exchangeHref(vhost, message.exchange),
        exchangeName(message.exchange))], ["Routing key", message.routing_key || none],
      ...Object.entries(properties).map(([name, value]) => [name.replaceAll("_", " "),
        propertyText(name, value)])]),
      headerTable(headers),
      deaths.length > 0 && h("section", h("h3", "Where it died"), timeline(deaths, vhost)),
      body.element));
}

function propertyText(name, value) {
  if (name === "timestamp" && Number.isFinite(value)) return time(value * 1000);
  if (name === "delivery_mode") return value === 2 ? "persistent" : "transient";
  return plain(value);
}

function headerTable(headers) {
  const rest = Object.fromEntries(Object.entries(headers).filter(([name]) => name !== "x-death"));
  if (Object.keys(rest).length === 0) return null;
  return h("section", h("h3", "Headers"), argumentList(rest));
}

// Newest death first in the header; here in the order of time.
function timeline(deaths, vhost) {
  const reasons = { rejected: "was rejected by a consumer", expired: "expired",
    maxlen: "was pushed out by newer ones", delivery_limit: "was delivered too often" };
  const steps = [...deaths].reverse().map((death) => h("li",
    h("div", h("b", reasons[death.reason] ?? death.reason), " in ",
      link(queueHref(vhost, death.queue), death.queue),
      death.count > 1 && ` (${count(death.count, "time")})`),
    h("div.hint", `${time(death.time > 1e11 ? death.time : death.time * 1000)}, came by exchange `
      + `${exchangeName(death.exchange ?? "")} with key `
      + `${(death["routing-keys"] ?? []).join(", ") || none}`)));
  return h("ol.timeline", steps, h("li", h("b", "is here now")));
}

class Body {
  constructor(message) {
    this.message = message;
    this.bytes = toBytes(message);
    this.text = toText(this.bytes);
    this.json = readJson(this.text);
    this.shown = h("pre", { tabindex: "0", "aria-label": "Body of the message" });
    const views = [["Text", this.text !== null, () => this.text],
      ["JSON", this.json !== undefined, () => JSON.stringify(this.json, null, 2)],
      ["Hex", true, () => hex(this.bytes)]];
    this.buttons = views.map(([label, isThere, make]) => h("button.small", { type: "button",
      disabled: !isThere, onclick: () => this.show(label, make) }, label));
    const isCut = this.bytes.length < message.payload_bytes;
    const first = this.json !== undefined ? 1 : this.isReadable() ? 0 : 2;
    this.element = h("section", h("div.views", h("h3", "Body"), this.buttons,
      h("button.small", { type: "button", onclick: () => this.copy() }, "Copy"),
      h("span.hint", isCut ? `first ${bytes(this.bytes.length)} of `
        + `${bytes(message.payload_bytes)}` : bytes(message.payload_bytes))), this.shown);
    this.show(views[first][0], views[first][2]);
  }

  isReadable() {
    return this.text !== null && !/[\u0000-\u0008\u000e-\u001f]/.test(this.text);
  }

  show(label, make) {
    this.shown.classList.toggle("hex", label === "Hex");
    replace(this.shown, make() || "(empty)");
    for (const button of this.buttons) {
      button.setAttribute("aria-pressed", String(button.textContent === label));
    }
  }

  preview() {
    return this.isReadable() ? this.text.slice(0, 120) : `${this.bytes.length} bytes, no text`;
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(this.shown.textContent);
      toast("Copied.");
    } catch {
      toast("The browser lets no page copy here (it wants https): select the text.", "bad");
    }
  }
}

function toBytes(message) {
  if (message.payload_encoding !== "base64") return new TextEncoder().encode(message.payload);
  const text = atob(message.payload);
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function toText(data) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return null;
  }
}

function readJson(text) {
  if (text === null || !/^\s*[[{"\d-tfn]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function hex(data) {
  const lines = [];
  for (let begin = 0; begin < Math.min(data.length, hexMax); begin += 16) {
    const row = [...data.slice(begin, begin + 16)];
    const codes = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const letters = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "."));
    lines.push(`${begin.toString(16).padStart(6, "0")}  ${codes.padEnd(47)}  ${letters.join("")}`);
  }
  if (data.length > hexMax) lines.push("…");
  return lines.join("\n");
}
