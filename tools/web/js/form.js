// Forms, questions and short notices.
import { add, h, newId, replace } from "./dom.js";

// A labelled control: field("Name", h("input", …), "what it is for").
export function field(label, control, hint) {
  const id = control.id || newId("field");
  control.id = id;
  let note = null;
  if (hint) {
    note = h("span.hint", { id: `${id}-hint` }, hint);
    control.setAttribute("aria-describedby", `${id}-hint`);
  }
  return h("div.field", h("label", { for: id }, label), control, note);
}

export function check(label, isOn = false) {
  const box = h("input", { type: "checkbox", checked: isOn });
  return { box, element: h("label.check", box, label) };
}

export function choice(options, selected) {
  return h("select", options.map((option) => {
    const [value, label] = Array.isArray(option) ? option : [option, option];
    return h("option", { value, selected: value === selected }, label);
  }));
}

export function input(properties) {
  return h("input", { spellcheck: "false", autocomplete: "off", ...properties });
}

// A form whose button works while `save` does; what goes wrong stands in it.
export function form({ title, fields, button = "Save", kind = "primary", save }) {
  const trouble = h("p.notice.bad", { role: "alert", hidden: true });
  const submit = h("button", { type: "submit", class: kind }, button);
  const element = h("form", { onsubmit: async (event) => {
    event.preventDefault();
    submit.disabled = true;
    trouble.hidden = true;
    try {
      await save();
    } catch (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
    }
    submit.disabled = false;
  } }, title && h("h3", title), fields, trouble, h("div.buttons", submit));
  return element;
}

// A form that is folded away until it is wanted.
export function foldedForm(options) {
  const element = h("details.fold", h("summary", options.title),
    form({ ...options, title: null }));
  return element;
}

// Asks in a dialog; false: no. With `word`, it has to be typed.
export function confirm({ title, text, button = "Delete", kind = "danger", word }) {
  return new Promise((resolve) => {
    const yes = h("button", { type: "submit", value: "yes", class: kind, disabled: Boolean(word) },
      button);
    const typed = word && input({ "aria-label": `Type ${word}`,
      oninput: () => { yes.disabled = typed.value !== word; } });
    const titleId = newId("title");
    const dialog = h("dialog", { "aria-labelledby": titleId },
      h("form", { method: "dialog" }, h("h2", { id: titleId }, title), h("p", text),
        word && h("p", "Type ", h("code", word), " to go on: "), typed,
        h("div.buttons", h("button", { value: "no" }, "Cancel"), yes)));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    (typed || dialog.querySelector("button")).focus();
  });
}

let toasts = null;

export function toast(text, kind = "good") {
  if (!toasts) {
    toasts = h("div.toasts", { role: "status", "aria-live": "polite" });
    document.body.append(toasts);
  }
  const one = h("div.toast", { class: kind }, text);
  toasts.append(one);
  setTimeout(() => one.remove(), kind === "bad" ? 10000 : 4000);
}

// A button whose failure is told in a notice.
export function action(label, run, properties = {}) {
  const button = h("button", { type: "button", ...properties, onclick: async () => {
    button.disabled = true;
    try {
      await run();
    } catch (error) {
      if (error.name !== "AbortError") toast(error.message, "bad");
    }
    button.disabled = false;
  } }, label);
  return button;
}

// Tabs: [{ id, label, element, onShow }]; the chosen one is told by `onChoose(id)`.
export function tabs(list, chosen, onChoose) {
  const bar = h("div.tabs", { role: "tablist" });
  const show = (id, focuses) => {
    for (const tab of list) {
      const isShown = tab.id === id;
      tab.button.setAttribute("aria-selected", String(isShown));
      tab.button.tabIndex = isShown ? 0 : -1;
      tab.panel.hidden = !isShown;
      if (isShown && focuses) tab.button.focus();
      if (isShown) tab.onShow?.();
    }
  };
  const step = (event, i) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) list[(i + by + list.length) % list.length].button.click();
  };
  list.forEach((tab, i) => {
    const id = newId("tab");
    tab.button = h("button", { role: "tab", id, "aria-controls": `${id}-panel`, type: "button",
      onclick: () => { onChoose?.(tab.id); show(tab.id, true); },
      onkeydown: (event) => step(event, i) }, tab.label);
    tab.panel = h("div.panel", { role: "tabpanel", id: `${id}-panel`, "aria-labelledby": id },
      tab.element);
  });
  add(bar, list.map((tab) => tab.button));
  show(list.some((tab) => tab.id === chosen) ? chosen : list[0].id, false);
  return h("div", bar, list.map((tab) => tab.panel));
}

// Pairs of words and values, as rows: [["Type", "classic"], …]; values may be elements.
export function facts(pairs) {
  const list = h("dl.facts");
  updateFacts(list, pairs);
  return list;
}

export function updateFacts(list, pairs) {
  const sign = JSON.stringify(pairs.map(([name, value]) =>
    [name, value instanceof Node ? value.outerHTML : value]));
  if (list.sign === sign) return;
  list.sign = sign;
  replace(list, pairs.filter(([, value]) => value !== undefined && value !== null).map(
    ([name, value]) => h("div", h("dt", name), h("dd", value))));
}
