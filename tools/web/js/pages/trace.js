// Messages as they are published and delivered in a virtual host, while its firehose is on.
import { get, path, send } from "../api.js";
import { queueHref, link } from "../cells.js";
import { h, replace } from "../dom.js";
import { action, choice, confirm, field, input, toast } from "../form.js";
import { clockTime, count, number } from "../format.js";
import { messageView } from "../message.js";
import { setQuery } from "../router.js";
import { badge } from "../table.js";

export const title = "Trace";

const shownMax = 200;
const typingMs = 300;
const filters = [["exchange", "Exchange"], ["routing_key", "Routing key"], ["queue", "Queue"],
  ["user", "User"]];

export async function show(context) {
  const vhosts = await get("vhosts?columns=name,tracing", { signal: context.signal });
  const page = new Page(context, vhosts);
  await context.every(() => page.refresh());
}

class Page {
  constructor(context, vhosts) {
    this.context = context;
    const names = vhosts.map((one) => one.name);
    const traced = vhosts.find((one) => one.tracing)?.name;
    this.vhost = choice(names, context.query.get("vhost") ?? traced ?? names[0]);
    this.begin();
    this.inputs = Object.fromEntries(filters.map(([name]) => [name, input({ type: "search",
      value: context.query.get(name) ?? "" })]));
    this.button = action("Begin", () => this.change());
    this.notice = h("p.notice.warn", { hidden: true, role: "status" });
    this.told = h("p.hint");
    this.list = h("div");
    const restart = () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.restart(), typingMs);
    };
    this.vhost.addEventListener("change", restart);
    for (const one of Object.values(this.inputs)) one.addEventListener("input", restart);
    context.root.append(
      h("div.head", h("div.titles", h("h1", "Trace")), h("div.buttons", this.button)), this.notice,
      h("div.stack", h("section.card", h("div.columns.narrow", field("Virtual host", this.vhost),
        filters.map(([name, label]) => field(label, this.inputs[name]))),
      h("p.hint", "Empty: all of them; * stands for any text. A filter changes what is shown, not "
        + "what is traced.")), h("div", this.told, this.list)));
  }

  begin() {
    this.after = "";
    this.shown = [];
    this.missed = 0;
  }

  restart() {
    this.begin();
    setQuery({ vhost: this.vhost.value, ...this.wanted() });
    return this.context.refresh();
  }

  wanted() {
    return Object.fromEntries(filters.map(([name]) => [name, this.inputs[name].value]));
  }

  async change() {
    const name = this.vhost.value;
    if (!this.isOn && !await confirm({ title: `Trace ${name}?`, button: "Trace", kind: "primary",
      text: "Each message that is published or delivered there is copied for who is bound to "
        + "amq.rabbitmq.trace, and shown here. That costs throughput until you end it, or the "
        + "broker starts again." })) return;
    await send("PUT", path(["vhosts", name]), { tracing: !this.isOn });
    toast(this.isOn ? `${name} is not traced any more.` : `${name} is traced.`);
    await this.restart();
  }

  async refresh() {
    const name = this.vhost.value;
    const { signal } = this.context;
    const vhost = await get(path(["vhosts", name], { columns: "name,tracing" }), { signal });
    this.isOn = vhost.tracing;
    this.button.textContent = this.isOn ? "End tracing" : "Trace this virtual host";
    this.notice.hidden = !this.isOn;
    this.notice.textContent = `Tracing is on in ${name}: every message there is copied, which `
      + "costs throughput. End it when you have seen enough.";
    if (!this.isOn) return this.draw();
    const asked = JSON.stringify([name, this.wanted()]);
    const answer = await get(path(["vhosts", name, "trace"], { ...this.wanted(), count: 100,
      after: this.after }), { signal });
    if (asked !== JSON.stringify([this.vhost.value, this.wanted()])) return null;
    this.after = answer.next;
    this.missed += answer.missed;
    this.shown = [...answer.messages.reverse().map((one) => this.view(one)), ...this.shown]
      .slice(0, shownMax);
    return this.draw();
  }

  // Nothing is drawn again that is there: one may have opened it.
  draw() {
    const before = [...this.list.children];
    if (before.length !== this.shown.length || before[0] !== this.shown[0]) {
      replace(this.list, this.shown);
    }
    this.told.textContent = this.tell();
  }

  tell() {
    if (this.shown.length === 0) {
      return this.isOn ? "Nothing has come yet that you want to see."
        : "Nothing is traced in this virtual host.";
    }
    return `${count(this.shown.length, "message")}, the newest first`
      + (this.missed > 0 ? `; ${number(this.missed)} had gone before they could be shown` : "");
  }

  view(one) {
    const vhost = this.vhost.value;
    const rest = one.queue_count - one.queues.length;
    const queues = one.queues.flatMap((name, i) => [i > 0 && ", ",
      link(queueHref(vhost, name), name)]);
    return messageView(one, { label: clockTime(one.time), vhost,
      badges: [badge({ text: one.type, kind: one.type === "delivered" ? "accent" : "" })],
      more: [[one.type === "delivered" ? "From queue" : "To queues",
        h("span", queues.length > 0 ? queues : "none", rest > 0 && ` and ${number(rest)} more`)],
      ["User", one.user], ["Connection", one.connection], ["Channel", number(one.channel)]] });
  }
}
