// Elements from code: h("button.primary", { onclick: f }, "Save"). Texts are always text: nothing
// that comes from the broker is ever read as HTML.

const SVG = "http://www.w3.org/2000/svg";

// "div.card.wide" and what it holds. Of the properties: on… listens, `style` sets single values,
// true and false set or drop an attribute, null and undefined are left out.
export function h(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  return fill(document.createElement(name), classes, properties, children);
}

export function svg(tag, properties, ...children) {
  const [name, ...classes] = tag.split(".");
  return fill(document.createElementNS(SVG, name), classes, properties, children);
}

function fill(element, classes, properties, children) {
  if (classes.length > 0) element.classList.add(...classes);
  if (isChild(properties)) children.unshift(properties);
  else for (const [key, value] of Object.entries(properties ?? {})) set(element, key, value);
  add(element, children);
  return element;
}

function isChild(value) {
  return value instanceof Node || Array.isArray(value) || typeof value === "string"
    || typeof value === "number";
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "value" || key === "checked") element[key] = value;
  else if (key === "style") {
    for (const [name, text] of Object.entries(value)) element.style.setProperty(name, text);
  } else if (key === "class") {
    if (value) element.classList.add(...value.split(" "));
  } else element.setAttribute(key, value === true ? "" : value);
}

// Lists are flattened, null, undefined and false left out.
export function add(element, children) {
  for (const child of [children].flat(4)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren();
  return add(element, children);
}

let counter = 0;
export function newId(prefix = "id") {
  counter += 1;
  return `${prefix}-${counter}`;
}

const icons = {
  overview: "M3 13h6V3H3v10zm0 8h6v-6H3v6zm8 0h10V11H11v10zm0-18v6h10V3H11z",
  queues: "M4 5h16v3H4zm0 5.500h16v3H4zM4 16h10v3H4z",
  exchanges: "M7 4 3 8l4 4V9h14V7H7V4zm10 8v3H3v2h14v3l4-4-4-4z",
  connections: "M8 3v5H6v4a6 6 0 0 0 5 5.900V21h2v-3.100A6 6 0 0 0 18 12V8h-2V3h-2v5h-4V3H8z",
  channels: "M4 4h7v7H4zm9 0h7v7h-7zM4 13h7v7H4zm9 0h7v7h-7z",
  nodes: "M4 4h16v6H4zm0 10h16v6H4zm3-8v2h2V6zm0 10v2h2v-2z",
  log: "M4 3h16v18H4zm3 4v2h10V7zm0 4v2h10v-2zm0 4v2h6v-2z",
  trace: "M3 13h4l2.500-8 4 14L16 11h5v2h-3.500l-4 11-4-14-1 5H3z",
  "feature-flags": "M5 3h2v18H5zm4 1h11l-3 4 3 4H9z",
  users: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zm-8 8c0-4 4-6 8-6s8 2 8 6v1H4z",
  policies: "M12 2 4 5v6c0 5 3.400 9.700 8 11 4.600-1.300 8-6 8-11V5z",
  vhosts: "M3 5h7l2 2h9v12H3z",
  definitions: "M12 3v9.200l3.500-3.500L17 10l-5 5-5-5 1.500-1.300L12 12.200V3zM4 17h16v4H4z",
  shovels: "M4 7h10V4l6 5-6 5v-3H4zm16 10v3H4v-3z",
  parameters: "M3 6h8v2H3zm12 0h6v2h-6zm-3-2h2v6h-2zM3 16h3v2H3zm7 0h11v2H10zm-3-2h2v6H7z",
  advice: "M9 21h6v-2H9zm3-19a7 7 0 0 0-4 12.700V17h8v-2.300A7 7 0 0 0 12 2z",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z",
  menu: "M3 6h18v2H3zm0 5h18v2H3zm0 5h18v2H3z",
  leave: "M10 4H4v16h6v-2H6V6h4zm6 4-1.400 1.400 1.600 1.600H9v2h7.200l-1.600 1.600L16 16l4-4z",
  warning: "M12 3 1.500 21h21zm-1 7h2v5h-2zm0 6.500h2v2h-2z",
  good: "M9 16.200 4.800 12l-1.400 1.400L9 19 21 7l-1.400-1.400z",
};

// Decoration: what it means stands beside it in words, or in the label of its button.
export function icon(name) {
  return svg("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" },
    svg("path", { d: icons[name] ?? "" }));
}
