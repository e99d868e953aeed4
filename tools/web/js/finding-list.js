// Findings (findings.js, advice.js) as a list: what, what to do, and links to where.
import { h, icon, replace } from "./dom.js";

export class FindingList {
  constructor(label, good) {
    this.good = good; // What is said when there is none: { title, text }
    this.element = h("ul.findings", { "aria-label": label });
  }

  update(found) {
    const sign = JSON.stringify(found);
    if (sign === this.sign) return;
    this.sign = sign;
    const list = found.length > 0 ? found : [{ kind: "good", ...this.good, links: [] }];
    replace(this.element, list.map((one) => h("li", { class: one.kind },
      icon(one.kind === "good" ? "good" : "warning"),
      h("div", h("b", one.title), h("p", one.text),
        one.links.length > 0 && h("p", one.links.map((link, i) => [i > 0 && " · ",
          link.href ? h("a", { href: link.href }, link.text) : link.text,
          link.note && ` (${link.note})`]))))));
  }
}
