// Which queues and exchanges a pattern matches, while it is typed. The broker filters by the same
// pattern, in any case of letters; what is left is matched exactly here.
import { get, path } from "./api.js";
import { exchangeHref, queueHref } from "./cells.js";
import { h, replace } from "./dom.js";
import { count, exchangeName } from "./format.js";
import { matches } from "./permissions.js";
import { badge } from "./table.js";

const pageSize = 500;
const pagesMax = 20;
const shownMax = 40;
const pauseMs = 200;

const types = { classic_queues: "classic", quorum_queues: "quorum", streams: "stream" };

export class PolicyPreview {
  constructor(signal) {
    this.signal = signal;
    this.element = h("section.matches", { "aria-live": "polite" });
    this.turn = 0;
  }

  look(policy) {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.ask(policy), pauseMs);
  }

  async ask(policy) {
    this.turn += 1;
    const { turn } = this;
    if (policy.pattern === "") return replace(this.element);
    if (matches(policy.pattern, "") === null) {
      return replace(this.element, h("p.hint.bad", "This is no regular expression yet."));
    }
    try {
      const wantsQueues = policy.target !== "exchanges";
      const wantsExchanges = policy.target === "exchanges" || policy.target === "all";
      const [queues, exchanges, rivals] = await Promise.all([
        wantsQueues ? this.find("queues", policy) : { rows: [], isWhole: true },
        wantsExchanges ? this.find("exchanges", policy) : { rows: [], isWhole: true },
        get(path([policy.kind, policy.vhost]), { signal: this.signal }),
      ]);
      if (turn === this.turn) this.show(policy, queues, exchanges, rivals);
    } catch (error) {
      if (error.name !== "AbortError" && turn === this.turn) {
        replace(this.element, h("p.hint.bad", error.message));
      }
    }
    return undefined;
  }

  async find(kind, policy) {
    const { turn } = this;
    const rows = [];
    let page = 1;
    let answer = null;
    do {
      answer = await get(path([kind, policy.vhost], { page, page_size: pageSize,
        name: policy.pattern, use_regex: "true", columns: "name,type,policy,operator_policy",
        disable_stats: "true" }), { signal: this.signal });
      rows.push(...answer.items.filter((row) => matches(policy.pattern, row.name)
        && (kind === "exchanges" ? row.name !== "" : !types[policy.target]
          || types[policy.target] === row.type)));
      page += 1;
    } while (page <= answer.page_count && page <= pagesMax && turn === this.turn);
    return { rows, isWhole: page > answer.page_count };
  }

  show(policy, queues, exchanges, rivals) {
    const field = policy.kind === "policies" ? "policy" : "operator_policy";
    const higher = new Set(rivals.filter((one) => one.name !== policy.name
      && one.priority > policy.priority).map((one) => one.name));
    const total = queues.rows.length + exchanges.rows.length;
    const atLeast = queues.isWhole && exchanges.isWhole ? "" : "at least ";
    const hidden = [...queues.rows, ...exchanges.rows].filter((row) => higher.has(row[field]));
    const entry = (row, where, name) => h("li", h("a", { href: where, target: "_blank" }, name),
      row[field] && row[field] !== policy.name && badge({ text: higher.has(row[field])
        ? `stays with ${row[field]}` : `instead of ${row[field]}`,
      kind: higher.has(row[field]) ? "warn" : "accent" }));
    const list = [
      ...queues.rows.map((row) => entry(row, queueHref(policy.vhost, row.name), row.name)),
      ...exchanges.rows.map((row) => entry(row, exchangeHref(policy.vhost, row.name),
        `${exchangeName(row.name)} (exchange)`))];
    replace(this.element,
      h("h3", "What it matches now"),
      total === 0 ? h("p.notice.warn", "Nothing: no name matches this pattern.")
        : h("p", `${atLeast}${count(queues.rows.length, "queue")}`
          + (exchanges.rows.length > 0 ? ` and ${count(exchanges.rows.length, "exchange")}` : ""),
        hidden.length > 0 && `; ${count(hidden.length, "stays", "stay")} with a policy of higher `
          + "priority"),
      h("ul.names", list.slice(0, shownMax)),
      list.length > shownMax && h("p.hint",
        `and ${count(list.length - shownMax, "more", "more")}`));
  }
}

const askedMax = 30; // Policies, at each refresh of their list.

// The keys of policies whose pattern no name matches, in whatever case of letters.
export async function findUnused(policies, signal) {
  const counts = await Promise.all(policies.slice(0, askedMax).map(async (policy) => {
    const kinds = policy["apply-to"] === "exchanges" ? ["exchanges"]
      : policy["apply-to"] === "all" ? ["queues", "exchanges"] : ["queues"];
    const found = await Promise.all(kinds.map((kind) => get(path([kind, policy.vhost], { page: 1,
      page_size: 1, name: policy.pattern, use_regex: "true", columns: "name",
      disable_stats: "true" }), { signal })));
    return found.reduce((sum, answer) => sum + answer.filtered_count, 0);
  }));
  return new Set(policies.slice(0, askedMax).filter((_, i) => counts[i] === 0)
    .map((policy) => JSON.stringify([policy.vhost, policy.name])));
}
