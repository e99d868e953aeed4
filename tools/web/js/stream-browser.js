// A stream's messages, a page at a time, from where one likes: reading changes nothing there.
import { get, path } from "./api.js";
import { h, replace } from "./dom.js";
import { choice, field, form, input, toast } from "./form.js";
import { count, number, time } from "./format.js";
import { messageView } from "./message.js";

const truncateAt = 65536;

export function streamBrowser({ vhost, name }) {
  const browser = new StreamBrowser(vhost, name);
  return browser.element;
}

class StreamBrowser {
  constructor(vhost, name) {
    this.vhost = vhost;
    this.name = name;
    this.start = choice([["newest", "at the newest"], ["first", "at the oldest"],
      ["offset", "at an offset"], ["time", "at a time"], ["age", "so long ago"]]);
    this.offset = input({ type: "number", min: 0, step: 1, value: "0" });
    this.time = input({ type: "datetime-local", step: 1 });
    this.age = input({ pattern: "[0-9]+[YMDhms]", placeholder: "10m" });
    this.amount = input({ type: "number", min: 1, max: 1000, value: "10", required: true });
    this.filter = input({ type: "search", placeholder: "text in key, headers or body" });
    this.fields = { offset: field("Offset", this.offset), time: field("Time", this.time),
      age: field("How long ago", this.age, "a number and s, m, h or D") };
    this.older = turn("Older", () => this.showOlder());
    this.newer = turn("Newer", () => this.load(String(this.page.next_offset)));
    this.told = h("p.hint");
    this.found = h("div");
    this.start.addEventListener("change", () => this.showFields());
    this.filter.addEventListener("input", () => this.show());
    this.showFields();
    this.element = h("div.stack", h("section.card", form({ button: "Get messages",
      save: () => this.begin(), fields: h("div.columns", field("Begin", this.start),
        Object.values(this.fields), field("How many", this.amount),
        field("Show only", this.filter)) })),
    h("div", { "aria-live": "polite" }, h("div.toolbar", this.older, this.newer, this.told),
      this.found));
    this.page = null;
  }

  showFields() {
    for (const [name, one] of Object.entries(this.fields)) {
      one.hidden = name !== this.start.value;
      one.querySelector("input").required = !one.hidden;
    }
  }

  ask(offset, amount) {
    return get(path(["queues", this.vhost, this.name, "browse"], { offset, count: amount,
      truncate: truncateAt }));
  }

  begin() {
    const starts = { newest: () => this.showNewest(), first: () => this.load("first"),
      offset: () => this.load(this.offset.value), age: () => this.load(this.age.value),
      time: () => this.load(new Date(this.time.value).toISOString()) };
    return starts[this.start.value]();
  }

  async showNewest() {
    const { end_offset: end } = await this.ask("next", 1);
    await this.load(String(Math.max(0, end - this.amount.valueAsNumber)));
  }

  // As many as fit before the ones that are shown.
  async showOlder() {
    const until = this.page.messages[0]?.offset ?? this.page.next_offset;
    const from = Math.max(this.page.first_offset, until - this.amount.valueAsNumber);
    await this.load(String(from), Math.max(1, until - from));
  }

  async load(offset, amount = this.amount.valueAsNumber) {
    this.page = await this.ask(offset, amount);
    this.show();
  }

  show() {
    if (this.page === null) return;
    const { messages, first_offset: first, end_offset: end } = this.page;
    const words = this.filter.value.toLowerCase();
    const shown = messages.filter((one) => words === ""
      || JSON.stringify(one).toLowerCase().includes(words));
    const begins = messages[0]?.offset ?? this.page.next_offset;
    this.older.disabled = begins <= first;
    this.newer.disabled = false;
    this.told.textContent = tell(this.page, shown.length);
    replace(this.found, shown.map((one, i) => messageView(one, { label: number(one.offset),
      vhost: this.vhost, isOpen: i === 0, more: [["Offset", number(one.offset)],
        ["Came at", time(one.timestamp)]] })), messages.length === 0 && end > first
      && h("p.quiet", "Nothing is there yet: “Newer” looks again."));
  }
}

// Whether it can be pressed is decided by the page that is shown.
function turn(label, run) {
  return h("button", { type: "button", disabled: true, onclick: async () => {
    try {
      await run();
    } catch (error) {
      toast(error.message, "bad");
    }
  } }, label);
}

function tell({ messages, first_offset: first, end_offset: end, limited }, shown) {
  if (end <= first) return "The stream has no messages.";
  const all = `the stream has offsets ${number(first)} to ${number(end - 1)}`;
  if (messages.length === 0) return `No message from there on; ${all}.`;
  const some = shown === messages.length ? count(messages.length, "message")
    : `${number(shown)} of ${count(messages.length, "message")} match`;
  return `${some}, the oldest first; ${all}.`
    + (limited ? " More did not fit into one answer." : "");
}
