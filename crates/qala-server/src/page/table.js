// The table that every chart also is: newest first, numbers aligned at the decimal sign.

import { CITY, stateOf } from "./data.js";
import { h } from "./dom.js";
import { columnDecimals, period, rounded, shown, unitWord } from "./format.js";
import { t } from "./i18n.js";
import { smallMark } from "./marks.js";
import { gapWord } from "./trend.js";

const PAGE = 100;

/** The table of an indicator's values: a row for each period, a column for each place. */
export function table({ view, nameOf, address, title, drawn }) {
  const { indicator, places } = view;
  const names = [CITY, ...[...places.keys()].filter((p) => p !== CITY)].filter((p) => places.has(p));
  const starts = new Map();
  for (const place of names) {
    for (const value of places.get(place)) {
      if (!starts.has(value.period_start)) starts.set(value.period_start, new Map());
      starts.get(value.period_start).set(place, value);
    }
  }
  const rows = [...starts.values()].sort((a, b) => Date.parse([...b.values()][0].period_start) - Date.parse([...a.values()][0].period_start));
  const decimals = new Map(names.map((p) => [p, columnDecimals(places.get(p).map((v) => v.value), indicator.unit)]));
  const cell = (place, value) => {
    if (!value) return h("td", { class: "none" }, t("gap_no_rows"));
    if (value.value === null) return h("td", { class: "none" }, h("a", { href: address(value) }, gapWord(value)));
    const state = stateOf(indicator, value);
    const loud = state === "off_target" || state === "watch";
    const number = rounded(shown(value.value, indicator.unit), decimals.get(place));
    return h("td", { class: "number" }, h("a", { href: address(value) }, number), h("span", { class: "slot" }, loud && smallMark(state)));
  };
  const line = (row) => h("tr", {}, h("th", { scope: "row" }, period([...row.values()][0])), names.map((p) => cell(p, row.get(p))));
  const body = h("tbody", {}, rows.slice(0, drawn.get(indicator.id) ?? PAGE).map(line));
  const unit = unitWord(indicator.unit);
  const head = h("tr", {}, h("th", { scope: "col" }, t("period")), names.map((p) => h("th", { scope: "col", class: "number" }, nameOf(p), h("span", { class: "slot" }))));
  const box = h("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": title, "data-key": `table-box ${indicator.id}` }, h("table", {}, h("thead", {}, head), body));
  const left = rows.length - body.rows.length;
  const more = left > 0 && h("button", {
    class: "quiet",
    onclick: () => {
      drawn.set(indicator.id, body.rows.length + PAGE);
      body.append(...rows.slice(body.rows.length, body.rows.length + PAGE).map(line));
      if (body.rows.length >= rows.length) more.remove();
      else more.textContent = t("more_districts", { n: rows.length - body.rows.length });
    },
  }, t("more_districts", { n: left }));
  return h("div", { class: "table-part" }, unit && h("h4", {}, t("values_in", { unit })), box, more);
}
