// From the address behind '#' to a page:  #/queues/%2F/orders?tab=messages
//
// A page is a module with `title` and `show(context)`. The context has the page's element, the
// parameters of the address, a signal that ends with the page, and refreshes (`every`).
import { ApiError, isAway, watch } from "./api.js";
import { h, replace } from "./dom.js";
import { has, remembered } from "./session.js";

const routes = [
  ["overview", () => import("./pages/overview.js")],
  ["queues", () => import("./pages/queues.js")],
  ["queues/:vhost/:name", () => import("./pages/queue.js")],
  ["exchanges", () => import("./pages/exchanges.js")],
  ["exchanges/:vhost/:name", () => import("./pages/exchange.js")],
  ["connections", () => import("./pages/connections.js")],
  ["connections/:name", () => import("./pages/connection.js")],
  ["channels", () => import("./pages/channels.js")],
  ["channels/:name", () => import("./pages/channel.js")],
  ["advice", () => import("./pages/advice.js")],
  ["nodes", () => import("./pages/nodes.js"), "monitoring"],
  ["log", () => import("./pages/log.js"), "monitoring"],
  ["trace", () => import("./pages/trace.js"), "administrator"],
  ["users", () => import("./pages/users.js"), "administrator"],
  ["users/:name", () => import("./pages/user.js"), "administrator"],
  ["vhosts", () => import("./pages/vhosts.js")],
  ["vhosts/:name", () => import("./pages/vhost.js"), "administrator"],
  ["policies", () => import("./pages/policies.js")],
  ["shovels", () => import("./pages/shovels.js"), "monitoring"],
  ["parameters", () => import("./pages/parameters.js"), "policymaker"],
  ["definitions", () => import("./pages/definitions.js"), "administrator"],
  ["feature-flags", () => import("./pages/feature-flags.js"), "administrator"],
];

const loadOthersAfterMs = 500;

let current = null; // The context of the page that is shown.

export function href(parts, query) {
  const text = query ? new URLSearchParams(query).toString() : "";
  return `#/${parts.map((part) => encodeURIComponent(part === "" ? "~" : part)).join("/")}`
    + (text ? `?${text}` : "");
}

export function address() {
  const [where, query] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = where.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { parts, query: new URLSearchParams(query ?? "") };
}

// Changes the query of this page's address without a new page.
export function setQuery(values) {
  const { parts, query } = address();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined || value === "") query.delete(key);
    else query.set(key, value);
  }
  history.replaceState(null, "", href(parts, Object.fromEntries(query)));
}

function match(parts) {
  for (const [pattern, load, right] of routes) {
    const names = pattern.split("/");
    if (names.length !== parts.length) continue;
    const params = {};
    const fits = names.every((name, i) => {
      if (!name.startsWith(":")) return name === parts[i];
      params[name.slice(1)] = parts[i] === "~" ? "" : parts[i];
      return parts[i] !== "";
    });
    if (fits) return { load, right, params };
  }
  return null;
}

class Context {
  constructor(root, params, query) {
    this.root = root;
    this.params = params;
    this.query = query;
    this.abort = new AbortController();
    this.signal = this.abort.signal;
    this.refreshes = [];
    this.timer = null;
  }

  // Calls `refresh` now and every few seconds, never twice at a time. Failures show on the page.
  every(refresh) {
    this.refreshes.push(refresh);
    return this.refresh();
  }

  async refresh() {
    if (this.signal.aborted || this.busy) return;
    this.busy = true;
    clearTimeout(this.timer);
    try {
      for (const refresh of this.refreshes) await refresh();
      this.trouble?.remove();
      this.trouble = null;
    } catch (error) {
      this.fail(error);
    }
    this.busy = false;
    if (!this.signal.aborted) this.timer = setTimeout(() => this.tick(), this.interval());
  }

  interval() {
    return (remembered("interval", 5) || 5) * 1000;
  }

  tick() {
    const rests = document.hidden || isAway() || remembered("interval", 5) === 0;
    if (rests) this.timer = setTimeout(() => this.tick(), 1000);
    else this.refresh();
  }

  fail(error) {
    if (error.name === "AbortError" || this.signal.aborted) return;
    if (error instanceof ApiError && (error.status === 0 || error.isLogin)) return;
    if (!(error instanceof ApiError)) console.error(error);
    this.trouble?.remove();
    this.trouble = h("div.notice.bad", { role: "alert" }, error.message);
    this.root.prepend(this.trouble);
  }

  end() {
    this.abort.abort();
    clearTimeout(this.timer);
  }
}

export function leavePage() {
  current?.end();
  current = null;
}

export async function showPage(root, onTitle) {
  leavePage();
  const { parts, query } = address();
  if (parts[0] === "") return location.replace("#/overview");
  const found = match(parts);
  const context = new Context(root, found?.params ?? {}, query);
  current = context;
  if (!found) return tellMissing(root, onTitle);
  if (found.right && !has(found.right)) return tellRight(root, found.right, onTitle);
  try {
    const page = await found.load();
    if (context.signal.aborted) return;
    onTitle(typeof page.title === "function" ? page.title(context.params) : page.title);
    replace(root);
    await page.show(context);
    loadOthers();
  } catch (error) {
    if (error.name === "AbortError" || context.signal.aborted) return;
    context.isBroken = !(error instanceof ApiError) || error.status === 0;
    if (isAway()) replace(root, h("p.quiet", "This page comes when the broker answers again."));
    else context.fail(error);
  }
}

let areOthersLoaded = false;

// The other pages, once the first is shown: they come at once, also when the broker is away.
function loadOthers() {
  if (areOthersLoaded) return;
  areOthersLoaded = true;
  setTimeout(() => {
    for (const [, load] of routes) load().catch(() => { areOthersLoaded = false; });
  }, loadOthersAfterMs);
}

function tellMissing(root, onTitle) {
  onTitle("Not found");
  replace(root, h("div.empty", h("h1", "There is no such page"),
    h("p", h("a", { href: "#/overview" }, "To the overview"))));
}

function tellRight(root, right, onTitle) {
  onTitle("Not allowed");
  replace(root, h("div.empty", h("h1", "You may not see this page"),
    h("p", `It needs a user with the tag “${right}”. An administrator can give it to you with `,
      h("code", `lepusctl set_user_tags NAME ${right}`), ".")));
}

export function refreshPage() {
  return current?.refresh();
}

watch("back", () => {
  if (current?.isBroken) location.reload();
  else current?.refresh();
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) current?.refresh();
});
