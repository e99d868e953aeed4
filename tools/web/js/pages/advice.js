// Advice: what is not broken yet, with what to do about it.
import { advice } from "../advice.js";
import { h } from "../dom.js";
import { FindingList } from "../finding-list.js";
import { action } from "../form.js";

export const title = "Advice";

export async function show(context) {
  const list = new FindingList("Advice", { title: "Nothing to advise",
    text: "No large queue without a bound, no consumer without a limit, no policy without use." });
  const look = async () => list.update(await advice(context.signal));
  context.root.append(h("div.head", h("div.titles", h("h1", "Advice"),
    h("p.hint", "Settings of queues, clients and users that lead to trouble later. Looked at when "
      + "the page is opened.")), action("Look again", look)), list.element);
  await look();
}
