// One queue: what flows through it, its messages, who reads it, how it is bound.
import { get, path, send } from "../api.js";
import { Bindings } from "../bindings.js";
import { messageBrowser } from "../browser.js";
import { argumentList, link } from "../cells.js";
import { Chart } from "../chart.js";
import { ConsumerTable, withHeld } from "../consumers.js";
import { badge } from "../table.js";
import { h, replace } from "../dom.js";
import { action, choice, confirm, facts, tabs, toast, updateFacts } from "../form.js";
import { bytes, duration, none, number, percent, plain, rate, short, time } from "../format.js";
import { moveForm } from "../move-messages.js";
import { publishForm } from "../publish.js";
import { href, setQuery } from "../router.js";
import { growths, levels, rangeQuery, rateOf, spans } from "../samples.js";
import { has, remember, remembered } from "../session.js";

export const title = (params) => params.name;

export async function show(context) {
  const { vhost, name } = context.params;
  const queue = await get(path(["queues", vhost, name]), { signal: context.signal });
  const page = new Page(context, queue);
  await context.every(() => page.refresh());
}

class Page {
  constructor(context, queue) {
    this.context = context;
    this.queue = queue;
    const { vhost, name, type } = queue;
    this.span = spans[Math.min(remembered("queue-span", 0), 1)];
    this.tiles = h("div.tiles");
    this.depth = new Chart({ title: "Messages", format: short });
    this.rates = new Chart({ title: "Messages per second", format: short });
    this.facts = facts([]);
    this.policy = h("section.card");
    this.consumers = new ConsumerTable(false);
    this.bindings = new Bindings({ kind: "queue", vhost, name }, context.signal);
    const refresh = () => context.refresh();
    context.root.append(
      h("div.head", h("div.titles",
        h("div.crumbs", h("a", { href: "#/queues" }, "Queues"), ` in virtual host ${vhost}`),
        h("h1", name), this.badges()), this.spanChoice(), this.buttons()),
      this.tiles,
      tabs([
        { id: "overview", label: "Overview", element: h("div.stack",
          h("div.grid", this.depth.element, this.rates.element),
          h("section.card", h("h2", "Details"), this.facts), this.policy) },
        { id: "messages", label: "Messages",
          element: messageBrowser({ vhost, name, type, onTaken: refresh }) },
        { id: "consumers", label: "Consumers",
          element: h("section.card", this.consumers.element) },
        { id: "bindings", label: "Bindings", element: this.bindings.element },
        { id: "publish", label: "Publish", element: h("section.card",
          h("p.hint", "Goes to this queue through the default exchange."),
          publishForm({ vhost, exchange: "", key: name, onDone: refresh })) },
        ...(has("policymaker") && type !== "stream" ? [{ id: "move", label: "Move",
          element: h("section.card", moveForm({ vhost, name, onDone: refresh })) }] : []),
      ], context.query.get("tab") ?? "overview", (tab) => setQuery({ tab })));
  }

  badges() {
    const { queue } = this;
    return h("div", badge({ text: queue.type, kind: "accent" }),
      badge({ text: queue.durable ? "durable" : "transient" }),
      queue.auto_delete && badge({ text: "auto-delete" }),
      queue.exclusive && badge({ text: "exclusive" }));
  }

  spanChoice() {
    const span = choice(spans.slice(0, 2).map((one, i) => [String(i), `last ${one.label}`]),
      String(spans.indexOf(this.span)));
    span.setAttribute("aria-label", "Time span of the charts");
    span.addEventListener("change", () => {
      this.span = spans[span.selectedIndex];
      remember("queue-span", span.selectedIndex);
      this.context.refresh();
    });
    return span;
  }

  buttons() {
    return h("div.buttons",
      action("Purge", () => this.purge(), { disabled: this.queue.type === "stream" }),
      action("Delete", () => this.remove(), { class: "danger" }));
  }

  async purge() {
    const { vhost, name } = this.queue;
    if (!await confirm({ title: `Purge ${name}?`, button: "Purge", word: name,
      text: `${number(this.queue.messages_ready)} ready messages are gone for good. `
        + "Unacknowledged ones stay with their consumers." })) return;
    await send("DELETE", path(["queues", vhost, name, "contents"]));
    toast(`${name} is empty.`);
    await this.context.refresh();
  }

  async remove() {
    const { vhost, name } = this.queue;
    if (!await confirm({ title: `Delete ${name}?`, word: name,
      text: `The queue, its bindings and its ${number(this.queue.messages)} messages are gone for `
        + `good; ${number(this.queue.consumers)} consumers are cancelled.` })) return;
    await send("DELETE", path(["queues", vhost, name]));
    toast(`${name} is deleted.`);
    location.hash = "#/queues";
  }

  async refresh() {
    const { vhost, name } = this.context.params;
    const { signal } = this.context;
    const query = rangeQuery(this.span, ["lengths", "msg_rates"]);
    const queue = await get(path(["queues", vhost, name], query), { signal });
    this.queue = queue;
    this.showTiles();
    this.depth.update([["messages_ready", "ready"], ["messages_unacknowledged", "unacknowledged"]]
      .map(([field, label]) => ({ name: label, points: levels(queue, field) })));
    this.rates.update(growths(queue.message_stats, [["publish", "published"],
      ["deliver_get", "delivered"], ["ack", "acknowledged"], ["redeliver", "redelivered"]]));
    updateFacts(this.facts, queueFacts(queue));
    this.consumers.update(await withHeld(queue.consumer_details ?? [], signal));
    await Promise.all([this.showPolicy(), this.bindings.refresh()]);
  }

  showTiles() {
    const { queue } = this;
    const stats = queue.message_stats;
    replace(this.tiles, [["Ready", number(queue.messages_ready)],
      ["Unacknowledged", number(queue.messages_unacknowledged)],
      ["In", rate(rateOf(stats, "publish"))], ["Out", rate(rateOf(stats, "deliver_get"))],
      ["Consumers", number(queue.consumers)], ["Bytes", bytes(queue.message_bytes)]]
      .map(([label, value]) => h("div.tile", h("span", label), h("b", value))));
  }

  // Which policies match, which of them counts, and what it sets.
  async showPolicy() {
    const { vhost, policy, operator_policy: operator } = this.queue;
    const merged = this.queue.effective_policy_definition ?? {};
    const sign = JSON.stringify([policy, operator, merged]);
    if (sign === this.policySign) return;
    this.policySign = sign;
    const of = (kind, one) => (one ? link(href(["policies"], { vhost, name: one, kind }), one)
      : h("span.quiet", "none"));
    replace(this.policy, h("h2", "Policy"), facts([["Policy", of("policies", policy)],
      ["Operator policy", of("operator-policies", operator)],
      ...Object.entries(merged).map(([name, value]) => [name, plain(value)])]),
    h("p.hint", "Of the policies that match the name and the kind, the one with the highest "
      + "priority counts; of values that an operator policy limits, the smaller one."));
  }
}

function queueFacts(queue) {
  const dead = queue.arguments?.["x-dead-letter-exchange"]
    ?? queue.effective_policy_definition?.["dead-letter-exchange"];
  return [
    ["Arguments", argumentList(queue.arguments)],
    ["Dead letters go to", dead === undefined ? "nowhere: they are gone"
      : link(href(["exchanges", queue.vhost, dead]), dead || "(default)")],
    ["Oldest ready message", queue.oldest_ready_age_ms > 0
      ? duration(queue.oldest_ready_age_ms) : none],
    ["Longest unacknowledged", queue.oldest_unacknowledged_age_ms > 0
      ? duration(queue.oldest_unacknowledged_age_ms) : none],
    ["Consumers can take more", queue.consumers > 0
      ? `${percent(queue.consumer_capacity)} of the time` : none],
    ["Idle since", time(queue.idle_since)],
    ["Delayed", number(queue.messages_delayed)],
    ["Cannot be read", number(queue.messages_unreadable)],
    ["Persistent", number(queue.messages_persistent)],
    ["In memory", `${number(queue.messages_ram)} (${bytes(queue.message_bytes_ram)})`],
    ["Only on disk", `${number(queue.messages_paged_out)} `
      + `(${bytes(queue.message_bytes_paged_out)})`],
    ["Memory of the queue", bytes(queue.memory)],
    ["Single active consumer", queue.single_active_consumer_tag ?? undefined],
    ["Owner", queue.owner_pid_details?.name
      ? link(href(["connections", queue.owner_pid_details.name]), queue.owner_pid_details.name)
      : undefined],
  ];
}

