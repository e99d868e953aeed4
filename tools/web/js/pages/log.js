// The broker's log as it grows: the lines that it keeps in memory, by level and text.
import { get, path } from "../api.js";
import { h, replace } from "../dom.js";
import { choice, field, input } from "../form.js";
import { count, time } from "../format.js";
import { setQuery } from "../router.js";

export const title = "Log";

const shownMax = 1000;
const levels = ["debug", "info", "warning", "error", "critical"];
const kinds = { warning: "warn", error: "bad", critical: "bad" };
const typingMs = 300;

export async function show(context) {
  const [node] = await get("nodes?columns=name,log_files", { signal: context.signal });
  const page = new Page(context, node);
  await context.every(() => page.refresh());
}

class Page {
  constructor(context, node) {
    this.context = context;
    this.node = node;
    this.next = null; // Behind the last line that is shown; null: nothing is.
    this.level = choice(levels, context.query.get("level") ?? "info");
    this.text = input({ type: "search", value: context.query.get("text") ?? "",
      placeholder: "text in the line" });
    this.told = h("p.hint");
    this.lines = h("div.log", { role: "log", "aria-label": "Lines of the log", tabindex: "0" });
    this.level.addEventListener("change", () => this.begin());
    this.text.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.begin(), typingMs);
    });
    context.root.append(
      h("div.head", h("div.titles", h("h1", "Log"), h("div.crumbs", where(node)))),
      h("section.card", h("div.columns", field("At least", this.level),
        field("Show only", this.text)), this.told, this.lines));
  }

  begin() {
    this.next = null;
    setQuery({ level: this.level.value, text: this.text.value });
    return this.context.refresh();
  }

  async refresh() {
    const first = this.next === null;
    const asked = [this.level.value, this.text.value];
    const answer = await get(path(["nodes", this.node.name, "log"], { level: asked[0],
      text: asked[1], count: 500, after: first ? undefined : this.next }),
    { signal: this.context.signal });
    if (asked[0] !== this.level.value || asked[1] !== this.text.value) return;
    const follows = first || this.isAtEnd();
    if (first) replace(this.lines);
    if (answer.missed > 0) {
      this.lines.append(h("div.quiet", `${count(answer.missed, "line")} had gone before they `
        + "could be shown"));
    }
    this.lines.append(...answer.lines.map(line));
    while (this.lines.childElementCount > shownMax) this.lines.firstElementChild.remove();
    this.next = answer.next;
    this.told.textContent = this.lines.childElementCount === 0
      ? "No line is as you want it. What no output of the log gets is not kept either."
      : `${count(this.lines.childElementCount, "line")}, the newest at the end`;
    if (follows) this.lines.scrollTop = this.lines.scrollHeight;
  }

  // One who reads further up is not disturbed.
  isAtEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.lines;
    return scrollTop + clientHeight >= scrollHeight - 40;
  }
}

function where(node) {
  const files = node.log_files ?? [];
  return files.length > 0 ? `It goes to ${files.join(", ")}` : "It goes nowhere else";
}

function line(one) {
  const text = one.text.startsWith("{") ? fromJson(one.text)
    : one.text.replace(new RegExp(`^${one.level} `), "");
  return h("div", h("time", time(one.time)), h("span.badge", { class: kinds[one.level] ?? "" },
    one.level), h("span.text", text));
}

// Where all outputs of the log are JSON.
function fromJson(text) {
  try {
    const { level, domain, thread, msg, ...rest } = JSON.parse(text);
    return [domain, thread, JSON.stringify(msg), ...Object.entries(rest).map(([name, value]) =>
      `${name}=${JSON.stringify(value)}`)].join(" ");
  } catch {
    return text;
  }
}
