// The table page: /data lists the tables, /data/<name> shows the rows of one, sorted and searched by the server.

import * as api from "../api.js";
import { drawBar } from "../bar.js";
import { byId, h } from "../dom.js";
import { count, date, dateTime, earlier, full, unitWord } from "../format.js";
import { language, setLanguage, t, words } from "../i18n.js";
import { simulatedMark } from "../marks.js";
import { w } from "./words.js";

const ROWS = 50;
const TYPING_MS = 250;
const NUMBERS = new Set(["int", "float", "decimal"]);

const known = { catalog: null, at: 0, tables: null, page: null, error: null };
let reading = 0;

// The address: which table, and ?lang&q&order&page.

const name = decodeURIComponent(location.pathname.split("/")[2] ?? "");

function choice() {
  const query = new URLSearchParams(location.search);
  return { q: query.get("q") ?? "", order: query.get("order") ?? "", page: Math.max(1, Number(query.get("page")) || 1), all: query.has("all") };
}

function choose(changes) {
  const query = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries({ lang: language(), ...changes })) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  history.replaceState(null, "", `${location.pathname}?${query}`);
}

const address = (path) => `${path}?lang=${language()}`;

// Reading.

async function read() {
  const turn = ++reading;
  try {
    known.catalog ??= await api.catalog();
    known.at ||= performance.now();
    const { q, order, page } = choice();
    const answer = name ? await api.rows(name, { q, order, limit: ROWS, offset: (page - 1) * ROWS }) : await api.datasets();
    if (turn !== reading) return;
    known.error = null;
    known[name ? "page" : "tables"] = answer;
  } catch (error) {
    if (turn !== reading) return;
    known.error = error;
  }
  draw();
}

function sentence(error) {
  if (error.status === 0) return t("error_unreachable");
  if (error.status === 404) return w("missing");
  return error.message ? t("error_server", { sentence: error.message.replace(/[.\s]*$/, ".") }) : t("error_plain", { code: error.status ?? error.name });
}

// The list of tables.

function list() {
  const { q, all } = choice();
  const wanted = q.toLowerCase();
  const has = (table) => [table.name, ...Object.values(table.title)].some((text) => text.toLowerCase().includes(wanted));
  const shown = known.tables.filter((table) => (all || table.rows > 0) && has(table));
  const subjects = Map.groupBy(shown, (table) => table.subject);
  const line = (table) => h("li", {}, h("a", { href: address(`/data/${table.name}`) },
    h("b", {}, words(table.title)),
    h("span", { class: "amount" }, w("rows", { n: count(table.rows), number: table.rows })),
    h("code", {}, table.name)));
  // An office's own tables come first.
  const order = [...subjects.keys()].sort((a, b) => (b === "own") - (a === "own") || a.localeCompare(b));
  const groups = order.map((subject) => h("section", {},
    h("h2", {}, subject === "own" ? w("own") : t(`subject_${subject}`) === `subject_${subject}` ? subject : t(`subject_${subject}`)),
    h("ul", { class: "card" }, subjects.get(subject).map(line))));
  return [
    h("div", { class: "data-head" }, h("h1", {}, w("data")), h("p", {}, w("about"))),
    h("div", { class: "data-controls" },
      searchBox(w("find_table"), draw),
      h("label", {}, h("input", { type: "checkbox", checked: !all, "data-key": "filled", onchange: (event) => { choose({ all: event.target.checked ? "" : "yes" }); draw(); } }), w("only_filled"))),
    h("div", { class: "tables" }, groups),
  ];
}

function searchBox(label, act) {
  let waiting = 0;
  return h("input", {
    type: "search", placeholder: label, "aria-label": label, value: choice().q, "data-key": "search",
    oninput: (event) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { choose({ q: event.target.value.trim(), page: "" }); act(); }, TYPING_MS);
    },
  });
}

// One table.

function cell(column, value) {
  if (value === null || value === undefined) return h("td", { class: NUMBERS.has(column.type) ? "number none" : "none" }, "—");
  if (column.type === "bool") return h("td", {}, value ? w("yes") : w("no"));
  if (column.type === "date") return h("td", {}, date(String(value)));
  if (column.type === "time") return h("td", {}, dateTime(String(value)));
  // Years and house numbers are not grouped: four digits are read at a glance.
  const isShort = Number.isInteger(value) && Math.abs(value) < 10000;
  if (NUMBERS.has(column.type)) return h("td", { class: "number" }, isShort ? String(value) : full(value));
  const text = String(value);
  return h("td", { title: text.length > 40 && text.length < 2000 ? text : null }, text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

function heading(column) {
  const { order } = choice();
  const title = words(column.title);
  const unit = column.unit && unitWord(column.unit);
  const sorted = order === column.name ? "ascending" : order === `-${column.name}` ? "descending" : null;
  const next = sorted === "ascending" ? `-${column.name}` : sorted === "descending" ? "" : column.name;
  const arrow = { ascending: "↑", descending: "↓" }[sorted];
  return h("th", { scope: "col", "aria-sort": sorted, class: NUMBERS.has(column.type) ? "number" : null },
    h("button", { title: w("sort", { title }), "data-key": `sort ${column.name}`, onclick: () => { choose({ order: next, page: "" }); read(); } },
      h("span", {}, unit ? `${title}, ${unit}` : title), arrow && h("span", { "aria-hidden": "true" }, arrow)));
}

function rowsTable({ dataset, rows, sources }) {
  const messages = new Map(sources.map((source) => [source.id, source]));
  // What is called a name stands first and stays while the rest is scrolled.
  const lead = dataset.columns.findIndex((column) => /^(name|title|nazvanie|naimenovanie|atauy)/.test(column.name));
  const columns = lead > 0 ? [dataset.columns[lead], ...dataset.columns.filter((_, at) => at !== lead)] : dataset.columns;
  const source = (row) => {
    const message = messages.get(row._source);
    const text = message ? `${message.name} · ${date(message.received_at)}` : `№ ${row._source}`;
    return h("td", { class: "source", title: message ? `${message.feed}, ${message.kind}, № ${message.id}, ${dateTime(message.received_at)}` : null }, text);
  };
  const line = (row) => {
    const [first, ...rest] = columns.map((column) => cell(column, row[column.name]));
    const head = first && h("th", { scope: "row", title: first.title || null }, first.textContent);
    return h("tr", {}, head, rest, source(row));
  };
  return h("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": words(dataset.title), "data-key": "table-box" },
    h("table", {}, h("thead", {}, h("tr", {}, columns.map(heading), h("th", { scope: "col" }, w("source")))), h("tbody", {}, rows.map(line))));
}

function pages({ total }) {
  const { page } = choice();
  const last = Math.max(1, Math.ceil(total / ROWS));
  const go = (to) => () => { choose({ page: to > 1 ? String(to) : "" }); read(); };
  const range = w("range", { from: count(Math.min(total, (page - 1) * ROWS + 1)), to: count(Math.min(total, page * ROWS)), all: count(total) });
  return h("div", { class: "pages" },
    h("button", { disabled: page <= 1, onclick: go(page - 1), "data-key": "previous" }, w("previous")),
    h("span", { class: "amount" }, range),
    h("button", { disabled: page >= last, onclick: go(page + 1), "data-key": "next" }, w("next")));
}

function nothing() {
  if (choice().q) {
    return h("div", { class: "card empty" }, h("p", {}, w("nothing_found")),
      h("button", { onclick: () => { choose({ q: "", page: "" }); byId("main").replaceChildren(); read(); } }, w("clear")));
  }
  return h("div", { class: "card empty" }, h("p", {}, w("nothing")), h("pre", {}, "qala import table FILE.xlsx --save"));
}

function one() {
  const { dataset, description, hidden, total, sources } = known.page;
  const isSimulated = sources.some((source) => source.simulated);
  return [
    h("div", { class: "data-head" },
      h("a", { href: address("/data"), class: "dim" }, w("back")),
      h("h1", {}, words(dataset.title)),
      description && h("p", {}, words(description)),
      h("p", {}, h("code", {}, dataset.name), hidden > 0 && ` · ${w("hidden", { n: hidden })}`),
      isSimulated && simulatedMark()),
    h("div", { class: "data-controls" },
      searchBox(w("find"), read),
      h("span", { class: "amount", role: "status" }, w("rows", { n: count(total), number: total })),
      total > ROWS && pages(known.page)),
    total > 0 ? rowsTable(known.page) : nothing(),
  ];
}

// Drawing.

function cityNow() {
  return known.catalog && earlier(known.catalog.now, known.at - performance.now());
}

function draw() {
  document.documentElement.lang = language();
  byId("skip").textContent = t("skip");
  const main = byId("main");
  main.classList.add("data");
  const focus = document.activeElement?.dataset?.key;
  drawBar({ catalog: known.catalog, now: cityNow(), changeLanguage: (code) => { setLanguage(code); choose({}); draw(); } });
  const box = main.querySelector("[type=search]");
  const typed = box && { text: box.value, at: box.selectionStart };
  const scrolled = main.querySelector(".table-box")?.scrollLeft ?? 0;
  const ready = name ? known.page : known.tables;
  if (known.error && !ready) {
    main.replaceChildren(h("div", { class: "card trouble" }, h("h1", {}, sentence(known.error)),
      h("a", { href: address("/data") }, w("back")), h("button", { onclick: read }, t("retry"))));
    return;
  }
  if (!ready) {
    main.replaceChildren(h("div", { class: "ghost page" }, h("i", { class: "title" }), h("i", { class: "block" })));
    return;
  }
  main.replaceChildren(...(known.error ? [h("p", { class: "notice stale", role: "alert" }, sentence(known.error))] : []), ...(name ? one() : list()).filter(Boolean));
  document.title = `${name ? words(known.page.dataset.title) : w("data")} · Qala`;
  main.querySelector(".table-box")?.scrollTo({ left: scrolled });
  if (focus) {
    const fresh = main.querySelector(`[data-key="${CSS.escape(focus)}"]`) ?? document.querySelector(`.bar [data-key="${CSS.escape(focus)}"]`);
    if (fresh?.type === "search" && typed) {
      // Letters that were typed while the answer was on its way stay.
      fresh.value = typed.text;
      fresh.setSelectionRange(typed.at, typed.at);
    }
    fresh?.focus({ preventScroll: true });
  }
}

choose({});
draw();
await read();
