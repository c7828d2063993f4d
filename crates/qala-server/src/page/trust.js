// Can the feeds be trusted: how complete and plausible they were on the newest judged day, which faults were found, and how
// well faults are found, measured on a copy with planted ones.

import * as api from "./api.js";
import { h } from "./dom.js";
import { count, date, dateTime, quantity } from "./format.js";
import { t, words } from "./i18n.js";
import { mark, simulatedMark } from "./marks.js";

export const KINDS = ["stuck", "drift", "spike", "clock_shift", "duplicate", "unit_change", "gap"];

/** Measures of a feed by name and kind of fault. */
function byFeed(rows) {
  const feeds = new Map();
  for (const row of rows) {
    if (!feeds.has(row.feed)) feeds.set(row.feed, { id: row.feed, day: row.day, devices: row.devices, simulated: row.simulated, of: new Map() });
    feeds.get(row.feed).of.set(`${row.measure} ${row.fault}`, row);
  }
  return [...feeds.values()];
}

/** A share of all kinds together: each kind weighs as much as was counted of it. */
function share(feed, measure) {
  const rows = KINDS.map((k) => feed.of.get(`${measure} ${k}`)).filter((r) => r && r.value !== null && r.n > 0);
  const n = rows.reduce((sum, r) => sum + r.n, 0);
  return n > 0 ? { value: rows.reduce((sum, r) => sum + r.value * r.n, 0) / n, n } : null;
}

/** Percent, cut off: only all is 100 %. */
const percent = (value) => (value === null || value === undefined ? "–" : quantity(Math.floor(value * 1000 + 1e-9) / 1000, "ratio"));

const found = (feed, kind) => feed.of.get(`faults ${kind}`)?.value ?? 0;

function answer(feeds) {
  const faulty = feeds.filter((f) => found(f, "all") > 0).length;
  const all = feeds.reduce((sum, f) => sum + found(f, "all"), 0);
  return all > 0 ? t("trust_faults", { faults: all, feeds: faulty, n: feeds.length }) : t("trust_fine", { n: feeds.length });
}

/** The faults of a feed, read when somebody wants to see them. */
function faultList(feed) {
  const total = found(feed, "all");
  const kinds = KINDS.filter((k) => found(feed, k) > 0).map((k) => `${t(`fault_${k}`)} ${count(found(feed, k))}`);
  if (total === 0) return mark("on_target", t("trust_none"));
  const box = h("div", { class: "fault-list" });
  const draw = async () => {
    if (box.childElementCount > 0) return;
    try {
      const { faults } = await api.trustOf(feed.id);
      const line = (f) => h("li", {}, h("b", {}, f.device), " ", f.quantity === "all" ? "" : `${f.quantity} `, t(`fault_${f.fault}`), `, ${dateTime(f.begins)} – ${dateTime(f.ends)}`);
      box.append(h("ul", {}, faults.slice(0, 50).map(line)), faults.length > 50 ? h("p", {}, t("more_districts", { n: faults.length - 50 })) : "");
    } catch {
      box.append(h("p", { role: "alert" }, t("error_values")));
    }
  };
  return h("details", { ontoggle: draw, "data-key": `faults ${feed.id}` }, h("summary", {}, mark("watch", kinds.join(" · "))), box);
}

function line(feed, titleOf) {
  const measure = (name) => feed.of.get(`${name} all`)?.value;
  const [recall, precision] = ["recall", "precision"].map((m) => share(feed, m));
  const worst = KINDS.map((k) => ({ k, row: feed.of.get(`recall ${k}`) })).filter((x) => x.row?.value !== null && x.row?.n > 0).sort((a, b) => a.row.value - b.row.value)[0];
  const note = recall && worst && worst.row.value < recall.value && h("small", {}, t("trust_worst", { kind: t(`fault_${worst.k}`), value: percent(worst.row.value) }));
  return h("tr", {},
    h("th", { scope: "row" }, h("span", {}, titleOf(feed.id)), h("small", {}, t("trust_day", { day: date(feed.day), devices: count(feed.devices) })), feed.simulated && simulatedMark()),
    h("td", { "data-label": t("trust_faults_found") }, faultList(feed)),
    h("td", { class: "number", "data-label": t("trust_complete") }, percent(measure("completeness"))),
    h("td", { class: "number", "data-label": t("trust_plausible") }, percent(measure("plausibility"))),
    h("td", { class: "number", "data-label": t("trust_recall") }, percent(recall?.value), recall && h("small", {}, t("trust_of", { n: count(recall.n) })), note),
    h("td", { class: "number", "data-label": t("trust_precision") }, percent(precision?.value), precision && h("small", {}, t("trust_of", { n: count(precision.n) }))));
}

/** The section of trust; nothing while no day was judged. */
export function trustPart({ trust, feeds }) {
  const list = byFeed(trust);
  if (list.length === 0) return null;
  const titleOf = (id) => words(feeds.find((f) => f.id === id)?.title) || id;
  const heads = [["feed"], ["trust_faults_found"], ["trust_complete", "number"], ["trust_plausible", "number"], ["trust_recall", "number"], ["trust_precision", "number"]];
  return h("section", { class: "feeds trust", "aria-labelledby": "trust" },
    h("h2", { id: "trust" }, t("trust")),
    h("p", { class: "answer" }, answer(list)),
    h("div", { class: "card" }, h("table", { class: "stacking" },
      h("thead", {}, h("tr", {}, heads.map(([key, kind]) => h("th", { scope: "col", class: kind }, t(key))))),
      h("tbody", {}, list.map((feed) => line(feed, titleOf))))),
    h("p", { class: "note" }, t("trust_note")));
}
