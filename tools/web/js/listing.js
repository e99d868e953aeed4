// A list that the broker pages, sorts and filters: tens of thousands of rows are as quick as ten.
// What is asked for stands in the address; the columns are remembered in this browser.
import { get, path } from "./api.js";
import { h, newId, replace } from "./dom.js";
import { number } from "./format.js";
import { setQuery } from "./router.js";
import { remember, remembered } from "./session.js";
import { Table } from "./table.js";

const sizes = [50, 100, 250, 500];

export class Listing {
  // `where(vhost)`: the parts of the API's path. `columns` as of Table, with `isOptional` for those
  // that are not shown at first.
  constructor(context, { id, label, where, columns, key, sort, isReversed, vhosts, query, empty }) {
    this.context = context;
    this.id = id;
    this.where = where;
    // One virtual host needs no column.
    this.all = columns.map((column) => (column.id === "vhost" && vhosts?.length === 1
      ? { ...column, isOptional: true } : column));
    this.fixed = query ?? {};
    const asked = context.query;
    this.state = {
      page: Math.max(1, Math.trunc(Number(asked.get("page"))) || 1),
      sort: asked.get("sort") ?? sort ?? columns[0].id,
      isReversed: asked.has("reverse") ? asked.get("reverse") === "1" : Boolean(isReversed),
      name: asked.get("name") ?? "",
      isRegex: asked.get("regex") === "1",
      vhost: asked.get("vhost") ?? "",
    };
    this.size = remembered("page-size", 100);
    this.shown = this.rememberedColumns();
    this.table = new Table({ label, key, columns: this.columns(), empty,
      onSort: (column, reversed) => this.go({ sort: column.id, isReversed: reversed, page: 1 }) });
    this.pager = h("div.pager");
    this.trouble = h("p.hint.bad", { role: "alert", hidden: true });
    this.element = h("section.listing", this.toolbar(vhosts ?? []), this.trouble,
      this.table.element, this.pager);
    this.markSorting();
  }

  rememberedColumns() {
    const known = new Set(this.all.map((column) => column.id));
    const kept = remembered(`columns.${this.id}`, null);
    if (Array.isArray(kept)) return new Set(kept.filter((id) => known.has(id)));
    return new Set(this.all.filter((column) => !column.isOptional).map((column) => column.id));
  }

  columns() {
    return this.all.filter((column, i) => i === 0 || this.shown.has(column.id));
  }

  markSorting() {
    this.table.setSorting(this.state.sort, this.state.isReversed);
  }

  // ---- Controls ----

  toolbar(vhosts) {
    const filterId = newId("filter");
    const regexId = newId("regex");
    let pause = null;
    const filter = h("input", { id: filterId, type: "search", value: this.state.name,
      placeholder: "Part of a name", spellcheck: "false", oninput: () => {
        clearTimeout(pause);
        pause = setTimeout(() => this.go({ name: filter.value, page: 1 }), 250);
      } });
    const regex = h("input", { id: regexId, type: "checkbox", checked: this.state.isRegex,
      onchange: () => this.go({ isRegex: regex.checked, page: 1 }) });
    return h("div.toolbar",
      h("label.over", { for: filterId }, "Filter"), filter,
      h("label.check", { for: regexId }, regex, "regular expression"),
      vhosts.length > 1 && this.vhostChoice(vhosts),
      h("span.spacer"), this.columnChoice());
  }

  vhostChoice(vhosts) {
    const choice = h("select", { "aria-label": "Virtual host",
      onchange: () => this.go({ vhost: choice.value, page: 1 }) },
    h("option", { value: "" }, "all virtual hosts"),
    vhosts.map((name) => h("option", { value: name, selected: name === this.state.vhost }, name)));
    return choice;
  }

  columnChoice() {
    const boxes = this.all.slice(1).map((column) => {
      const box = h("input", { type: "checkbox", checked: this.shown.has(column.id),
        onchange: () => this.choose(column.id, box.checked) });
      return h("label.check", box, column.title ?? column.label);
    });
    const details = h("details.choice", h("summary", "Columns"), h("div.popup", boxes));
    details.addEventListener("keydown", (event) => {
      if (event.key === "Escape") details.open = false;
    });
    details.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !details.contains(event.relatedTarget)) details.open = false;
    });
    return details;
  }

  choose(id, isShown) {
    if (isShown) this.shown.add(id);
    else this.shown.delete(id);
    remember(`columns.${this.id}`, [...this.shown]);
    this.table.setColumns(this.columns());
    this.markSorting();
    if (this.last) this.table.update(this.last.items);
  }

  go(change) {
    Object.assign(this.state, change);
    const state = this.state;
    setQuery({ page: state.page > 1 ? state.page : "", sort: state.sort,
      reverse: state.isReversed ? "1" : "0", name: state.name, regex: state.isRegex ? "1" : "",
      vhost: state.vhost });
    this.markSorting();
    return this.refresh().catch((error) => this.context.fail(error));
  }

  // ---- Rows ----

  // The newest question counts: an answer that comes behind a newer one is dropped.
  async refresh() {
    const turn = (this.turn ?? 0) + 1;
    this.turn = turn;
    const { page, name, isRegex, vhost } = this.state;
    const column = this.all.find((one) => one.id === this.state.sort);
    const query = { ...this.fixed, page, page_size: this.size, name,
      use_regex: isRegex ? "true" : "", sort: column?.sort ?? "",
      sort_reverse: this.state.isReversed ? "true" : "false" };
    let answer;
    try {
      answer = await get(path(this.where(vhost), query), { signal: this.context.signal });
    } catch (error) {
      if (turn !== this.turn) return;
      if (error.status !== 400) throw error;
      if (/out of range/.test(error.message) && page > 1) return this.go({ page: 1 });
      this.trouble.hidden = false;
      this.trouble.textContent = isRegex ? "This is no regular expression yet." : error.message;
      return;
    }
    if (turn !== this.turn) return;
    this.trouble.hidden = true;
    this.last = answer;
    this.table.update(answer.items);
    this.showPager(answer);
  }

  showPager(answer) {
    const first = (answer.page - 1) * answer.page_size + 1;
    const text = answer.filtered_count === 0 ? "0" : `${number(first)}–`
      + `${number(first + answer.item_count - 1)} of ${number(answer.filtered_count)}`;
    const rest = answer.filtered_count === answer.total_count ? ""
      : ` (${number(answer.total_count)} without the filter)`;
    const sign = text + rest + answer.page_count;
    if (sign === this.pagerSign) return;
    this.pagerSign = sign;
    const step = (label, title, page, isOff) => h("button", { "aria-label": title, title,
      disabled: isOff, onclick: () => this.go({ page }) }, label);
    const isFirst = answer.page <= 1;
    const isLast = answer.page >= answer.page_count;
    const choice = h("select", { "aria-label": "Rows a page", onchange: () => {
      this.size = sizes[choice.selectedIndex];
      remember("page-size", this.size);
      this.pagerSign = "";
      this.go({ page: 1 });
    } }, sizes.map((size) => h("option", { selected: size === this.size }, `${size} a page`)));
    replace(this.pager, h("span", { role: "status" }, text + rest), h("span.spacer"), choice,
      step("«", "First page", 1, isFirst), step("‹", "Page before", answer.page - 1, isFirst),
      step("›", "Next page", answer.page + 1, isLast),
      step("»", "Last page", answer.page_count, isLast));
  }
}

// The names of the virtual hosts of this user.
export async function vhostNames(signal) {
  const rows = await get("vhosts?columns=name", { signal });
  return rows.map((row) => row.name);
}
