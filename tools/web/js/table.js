// A table whose rows come again and again: only cells that changed are written, so a refresh keeps
// focus and selection and costs little.
//
//   column: { id, label, num, sort, cell(row) }
//   cell: a text, or { text, href, title, kind, badges: [{ text, kind, title }], node() }
//
// `sort` is what the column is sorted by: a name for the API, or a function of the row.
import { h, replace } from "./dom.js";

export class Table {
  constructor({ label, key, columns, onSort, empty = "Nothing here." }) {
    this.key = key;
    this.columns = columns;
    this.onSort = onSort;
    this.emptyText = empty;
    this.sorting = { id: null, isReversed: false };
    this.rows = new Map(); // key -> { tr, cells, seen }
    this.head = h("thead");
    this.body = h("tbody");
    this.element = h("div.scroll", { tabindex: "0", role: "region", "aria-label": label },
      h("table", { "aria-label": label }, this.head, this.body));
    this.showHead();
  }

  setColumns(columns) {
    this.columns = columns;
    this.rows.clear();
    replace(this.body);
    this.showHead();
  }

  setSorting(id, isReversed) {
    this.sorting = { id, isReversed };
    this.showHead();
  }

  showHead() {
    replace(this.head, h("tr", this.columns.map((column) => this.headCell(column))));
  }

  headCell(column) {
    const isSorted = column.sort && this.sorting.id === column.id;
    const order = !isSorted ? "none" : this.sorting.isReversed ? "descending" : "ascending";
    const arrow = !isSorted ? "" : this.sorting.isReversed ? " ↓" : " ↑";
    const content = column.sort && this.onSort
      ? h("button.sort", { onclick: () => this.sortBy(column), title: column.title },
        column.label + arrow)
      : h("span", { title: column.title }, column.label);
    return h("th", { scope: "col", class: column.num ? "num" : "",
      "aria-sort": column.sort ? order : null }, content);
  }

  // Numbers are first asked for from the largest on.
  sortBy(column) {
    const isSame = this.sorting.id === column.id;
    this.onSort(column, isSame ? !this.sorting.isReversed : Boolean(column.num));
  }

  update(rows) {
    const seen = new Set();
    let place = this.body.firstChild;
    for (const row of rows) {
      const key = this.key(row);
      if (seen.has(key)) continue;
      seen.add(key);
      const kept = this.rows.get(key) ?? this.newRow(key);
      this.fillRow(kept, row);
      if (kept.tr === place) place = place.nextSibling;
      else this.body.insertBefore(kept.tr, place);
    }
    for (const [key, kept] of this.rows) {
      if (seen.has(key)) continue;
      kept.tr.remove();
      this.rows.delete(key);
    }
    this.showEmpty(seen.size === 0);
  }

  showEmpty(isEmpty) {
    this.emptyRow?.remove();
    this.emptyRow = null;
    if (!isEmpty) return;
    this.emptyRow = h("tr.none", h("td", { colspan: this.columns.length }, this.emptyText));
    this.body.append(this.emptyRow);
  }

  newRow(key) {
    const cells = this.columns.map((column) => h("td", { class: column.num ? "num" : "" }));
    const kept = { tr: h("tr", cells), cells, signs: [] };
    this.rows.set(key, kept);
    return kept;
  }

  fillRow(kept, row) {
    this.columns.forEach((column, i) => {
      const cell = column.cell(row);
      const sign = typeof cell === "string" ? cell : JSON.stringify(cell);
      if (sign === kept.signs[i]) return;
      kept.signs[i] = sign;
      fillCell(kept.cells[i], cell);
    });
  }
}

function fillCell(td, cell) {
  if (typeof cell === "string") {
    td.textContent = cell;
    return;
  }
  replace(td, content(cell));
}

function content(cell) {
  if (cell.node) return cell.node();
  const text = cell.text ?? "";
  const parts = [cell.href
    ? h("a", { href: cell.href, title: cell.title }, text)
    : text && h("span", { class: cell.kind, title: cell.title }, text)];
  for (const one of cell.badges ?? []) parts.push(badge(one));
  return parts;
}

export function badge({ text, kind = "", title }) {
  return h("span.badge", { class: kind, title }, text);
}

// A table of rows that are all here: sorted and filtered in the browser.
export class LocalTable extends Table {
  constructor(options) {
    super({ ...options, onSort: (column, isReversed) => {
      this.setSorting(column.id, isReversed);
      this.show();
    } });
    this.all = [];
    this.filter = () => true;
  }

  update(rows) {
    this.all = rows;
    this.show();
  }

  show() {
    const column = this.columns.find((one) => one.id === this.sorting.id);
    let rows = this.all.filter(this.filter);
    if (column?.sort) {
      const order = (left, right) => compare(column.sort(left), column.sort(right));
      rows = [...rows].sort(this.sorting.isReversed ? (a, b) => order(b, a) : order);
    }
    super.update(rows);
  }
}

function compare(left, right) {
  if (typeof left === "number" && typeof right === "number") return left - right;
  return String(left).localeCompare(String(right), undefined, { numeric: true });
}
