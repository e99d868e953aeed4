// What is around each page: navigation, who is logged in, light and dark, the banner of a broker
// that does not answer.
import { get, watch } from "./api.js";
import { h, icon, replace } from "./dom.js";
import { clockTime } from "./format.js";
import { address, leavePage, refreshPage, showPage } from "./router.js";
import { currentUser, has, remember, remembered } from "./session.js";

const entries = [
  ["overview", "Overview"],
  ["queues", "Queues"],
  ["exchanges", "Exchanges"],
  ["connections", "Connections"],
  ["channels", "Channels"],
  ["nodes", "Node", "monitoring"],
  ["log", "Log", "monitoring"],
  ["trace", "Trace", "administrator"],
  ["advice", "Advice"],
  null,
  ["policies", "Policies"],
  ["shovels", "Shovels", "monitoring"],
  ["parameters", "Parameters", "policymaker"],
  ["vhosts", "Virtual hosts"],
  ["users", "Users", "administrator"],
  ["definitions", "Definitions", "administrator"],
  ["feature-flags", "Feature flags", "administrator"],
];
const intervals = [[2, "every 2 s"], [5, "every 5 s"], [30, "every 30 s"], [0, "paused"]];

let main = null;
let banner = null;
let links = [];

export function brand() {
  return h("span.brand", h("img", { src: "icon.svg", alt: "", width: 28, height: 28 }), "Lepus");
}

export function applyTheme() {
  const theme = remembered("theme", "");
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function switchTheme() {
  const isDark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  remember("theme", isDark ? "light" : "dark");
  applyTheme();
}

export function showShell(app, logOut) {
  links = entries.map((entry) => entry && (!entry[2] || has(entry[2])) ? link(entry) : entry
    ? null : h("hr"));
  const nav = h("nav.side", { id: "nav", "aria-label": "Pages" }, brand(),
    h("div.links", links), h("p.foot", { id: "product" }));
  const toggle = () => {
    const isOpen = nav.classList.toggle("open");
    menu.setAttribute("aria-expanded", String(isOpen));
  };
  const menu = h("button.ghost.menu", { onclick: toggle, "aria-expanded": "false",
    "aria-controls": "nav", "aria-label": "Pages" }, icon("menu"));
  nav.addEventListener("click", (event) => {
    if (event.target.closest("a") && nav.classList.contains("open")) toggle();
  });
  banner = h("div.banner", { role: "status", hidden: true });
  main = h("main.page", { id: "main", tabindex: "-1" });
  replace(app,
    h("a.skip", { href: "#main", onclick: skip }, "To the content"),
    nav,
    h("div.body",
      h("header.top", menu, h("span.spacer"), intervalChoice(), themeButton(),
        h("span.who", { title: (currentUser().tags ?? []).join(", ") || "no tags" },
          currentUser().name),
        h("button.ghost", { onclick: logOut, "aria-label": "Log out", title: "Log out" },
          icon("leave"))),
      banner, main));
  addEventListener("hashchange", navigate);
  tellProduct();
  navigate();
}

export function hideShell() {
  removeEventListener("hashchange", navigate);
  leavePage();
  main = null;
  banner = null;
}

function skip(event) {
  event.preventDefault();
  main.focus();
}

function link([where, label]) {
  return h("a", { href: `#/${where}`, "data-page": where }, icon(where), label);
}

function navigate() {
  if (!main) return;
  const page = address().parts[0] || "overview";
  for (const one of links) {
    if (!one?.dataset?.page) continue;
    if (one.dataset.page === page) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
  scrollTo(0, 0);
  showPage(main, (title) => {
    document.title = `${title} · Lepus`;
  });
}

function intervalChoice() {
  const choice = h("select", { "aria-label": "Refresh", onchange: () => {
    remember("interval", intervals[choice.selectedIndex][0]);
    refreshPage();
  } }, intervals.map(([seconds, label]) => h("option", {
    selected: seconds === remembered("interval", 5) }, label)));
  return choice;
}

function themeButton() {
  return h("button.ghost", { onclick: switchTheme, "aria-label": "Light or dark",
    title: "Light or dark" }, icon("moon"));
}

async function tellProduct() {
  try {
    const overview = await get("overview?columns=product_version,cluster_name");
    const foot = document.getElementById("product");
    if (!foot) return;
    replace(foot, h("span", overview.cluster_name), h("span", `Lepus ${overview.product_version}`));
  } catch {
    // The page says so itself.
  }
}

watch("away", (since) => {
  if (!banner) return;
  banner.hidden = false;
  replace(banner, icon("warning"), ` The broker does not answer since ${clockTime(since)}. What `
    + "you see is from before. Trying again …");
});
watch("back", () => {
  if (banner) banner.hidden = true;
});
