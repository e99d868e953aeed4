// Definitions as a file: download, and upload with a look at what would change.
import { get, path, send } from "../api.js";
import { compare } from "../definitions-difference.js";
import { h, replace } from "../dom.js";
import { choice, confirm, field, form, input, toast } from "../form.js";
import { count } from "../format.js";
import { vhostNames } from "../listing.js";

export const title = "Definitions";

const shownMax = 200;

export async function show(context) {
  const vhosts = await vhostNames(context.signal);
  context.root.append(
    h("div.head", h("div.titles", h("h1", "Definitions"),
      h("p.hint", "Users, virtual hosts, permissions, policies, queues, exchanges and "
        + "bindings as a file that RabbitMQ reads, too. Messages are not in it."))),
    h("div.grid", h("section.card", downloadForm(vhosts)), h("section.card",
      uploadForm(vhosts, context))));
  context.root.append(h("div", { id: "difference" }));
}

function scope(vhosts) {
  const control = choice([["", "the whole broker"], ...vhosts.map((name) => [name,
    `virtual host ${name}`])]);
  return { control, where: () => (control.value === "" ? ["definitions"]
    : ["definitions", control.value]) };
}

function downloadForm(vhosts) {
  const what = scope(vhosts);
  return form({ title: "Download", button: "Download", fields: field("Of", what.control),
    save: async () => {
      const text = JSON.stringify(await get(path(what.where())), null, 2);
      const address = URL.createObjectURL(new Blob([text], { type: "application/json" }));
      const day = new Date().toISOString().slice(0, 10);
      h("a", { href: address, download: `lepus-definitions-${day}.json` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 1000);
    } });
}

function uploadForm(vhosts, context) {
  const what = scope(vhosts);
  const file = input({ type: "file", accept: ".json,application/json", required: true });
  return form({ title: "Upload", button: "Compare with what is there",
    fields: [field("File", file), field("Into", what.control)],
    save: async () => {
      const text = await file.files[0].text();
      const difference = compare(await get(path(what.where())), readFile(text));
      showDifference(document.getElementById("difference"), difference, async () => {
        await send("POST", path(what.where()), text);
        toast("The definitions are applied.");
        replace(document.getElementById("difference"));
        file.value = "";
        await context.refresh();
      });
    } });
}

function readFile(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`The file is no JSON: ${error.message}`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error("The file holds no definitions: it has to be an object with lists of users, "
      + "queues and so on.");
  }
  return value;
}

function showDifference(place, difference, apply) {
  const { added, changed, conflicts, same, staying } = difference;
  const isNothing = added.length + changed.length === 0;
  const button = form({ button: isNothing ? "Apply anyway" : "Apply", save: async () => {
    if (await confirm({ title: "Apply these definitions?", kind: "primary", button: "Apply",
      text: `${count(added.length, "object")} will be added, ${count(changed.length, "object")} `
        + "changed. Nothing is deleted." })) await apply();
  }, fields: null });
  replace(place, h("section.card", h("h2", "What would change"),
    isNothing && conflicts.length === 0
      && h("p", "Nothing: everything in the file is there already."),
    part("Added", "good", added.map((one) => h("li", badgeOf(one), h("code", one.name)))),
    part("Changed", "warn", changed.map(changeEntry)),
    part("In the way: they cannot be changed", "bad", conflicts.map(changeEntry)),
    h("p.hint", `${count(same, "object")} in the file ${same === 1 ? "is" : "are"} there already; `
      + `${count(staying, "object")} of the broker that ${staying === 1 ? "is" : "are"} not in the `
      + "file stay as they are."),
    conflicts.length === 0 ? button : h("p.notice.bad", "The broker refuses a file that has other "
      + "queues and exchanges under the names of those it has. Make the file agree, or delete them "
      + "first.")));
  place.scrollIntoView({ block: "start" });
}

function badgeOf(one) {
  return h("span.badge", one.kind);
}

function changeEntry(one) {
  return h("li", badgeOf(one), h("code", one.name), one.fields.map((change) =>
    h("div", `${change.name}: `, h("code.before", `− ${change.before}`), " ",
      h("code.after", `+ ${change.after}`))));
}

function part(label, kind, entries) {
  if (entries.length === 0) return null;
  return h("div.part", h("h3", h("span.badge", { class: kind }, String(entries.length)), label),
    h("ul.difference", entries.slice(0, shownMax)),
    entries.length > shownMax && h("p.hint",
      `and ${count(entries.length - shownMax, "more", "more")}`));
}
