// One indicator: question, value with its mark, trend, districts, target and owner.

import { CITY, stateOf } from "./data.js";
import { h } from "./dom.js";
import { ago, columnDecimals, date, dateTime, period, quantity, rounded, shown, unitWord } from "./format.js";
import { has, t, words } from "./i18n.js";
import { glyph, mark, simulatedMark, smallMark } from "./marks.js";
import { table } from "./table.js";
import { trend } from "./trend.js";

const FEW = 3;

/** Why there is no value, as a sentence. */
export function reason(value) {
  if (!value) return t("reason_never");
  return has(`reason_${value.reason}`) ? t(`reason_${value.reason}`) : t("reason_other", { reason: value.reason ?? t("unknown") });
}

/** Target and limit in words. */
export function aim(indicator) {
  const sign = { lower: "≤", higher: "≥" }[indicator.better] ?? "";
  const { target, limit } = indicator.targets;
  return `${sign}\u00a0${quantity(target, indicator.unit)}, ${t("limit", { value: quantity(limit, indicator.unit) })}`;
}

function head({ view }) {
  const { indicator } = view;
  return h("div", { class: "row-head" },
    h("h3", {}, words(indicator.title)),
    h("p", { class: "question" }, words(indicator.question)),
    view.simulated && simulatedMark());
}

/** The number as the link to its passport. */
function number(value, context, loud) {
  const { view, nameOf, address } = context;
  const { unit, title } = view.indicator;
  const label = t("open_passport", { title: words(title), place: nameOf(value.place), period: period(value) });
  const text = rounded(shown(value.value, unit));
  const changed = context.changed(`${view.indicator.id} ${view.grain}`, text);
  return h("a", { class: `number ${loud}${changed ? " changed" : ""}`, href: address(value), title: label, "data-key": `value ${view.indicator.id}` },
    h("b", {}, text), " ", unitWord(unit) && h("span", { class: "unit" }, unitWord(unit)), h("span", { class: "unseen" }, `. ${label}`));
}

function when(context) {
  const { view, now } = context;
  const value = view.shown;
  const age = view.running ? t("so_far") : view.stale ? t("stale") : ago(value.period_end, now);
  const text = [period(value), age].filter(Boolean).join(" · ");
  return view.stale ? h("p", { class: "when stale" }, glyph("clock"), text) : h("p", { class: "when" }, text);
}

function valuePart(context) {
  const { view, address } = context;
  const { indicator, shown: value, state } = view;
  if (!value || value.value === null) {
    const sentence = !value && context.ranged ? t("reason_range") : reason(value);
    const good = view.good;
    return h("div", { class: "row-value" },
      mark("unknown"),
      h("p", { class: "absent" }, value ? h("a", { href: address(value) }, sentence) : sentence),
      value && h("p", { class: "when" }, period(value)),
      good && h("p", { class: "when stale" }, h("a", { href: address(good) }, t("last_good", { value: quantity(good.value, indicator.unit), period: period(good) }))));
  }
  const bounds = value.lower !== null && value.upper !== null
    && h("span", { class: "bounds" }, `(${rounded(shown(value.lower, indicator.unit))}–${rounded(shown(value.upper, indicator.unit))})`);
  const loud = state === "off_target" || state === "watch";
  const since = loud && view.since
    && t(view.since.first ? "since_at_least" : "since", { time: view.grain === "day" ? date(view.since.start) : dateTime(view.since.start) });
  return h("div", { class: "row-value" },
    h("div", { class: "value-line" }, number(value, context, loud ? state : ""), bounds),
    h("p", { class: "state-line" }, mark(state), since && h("span", { class: "since" }, since)),
    when(context),
    view.before && h("p", { class: "when" }, t("before", { value: quantity(view.before.value, indicator.unit) })));
}

function trendPart(context) {
  const { view, open, tables, nameOf, address } = context;
  const { indicator } = view;
  const title = words(indicator.title);
  const asTable = tables.has(indicator.id) !== tables.all;
  const chart = view.city.length > 0 && !asTable && trend({ values: view.city, indicator, title, marked: view.shown, open });
  const toggle = view.city.length > 0 && h("button", {
    class: "icon small",
    title: t(asTable ? "row_chart" : "row_table"),
    "aria-label": `${t(asTable ? "row_chart" : "row_table")}: ${title}`,
    "aria-pressed": String(asTable),
    "data-key": `table ${indicator.id}`,
    onclick: () => context.toggleTable(indicator.id),
  }, glyph(asTable ? "chart" : "table"));
  return {
    asTable,
    chart: h("div", { class: "row-trend" }, chart, toggle),
    table: asTable && table({ view, nameOf, address, title, drawn: tables.drawn }),
  };
}

function districts(context) {
  const { view, nameOf, address, silent } = context;
  const { indicator } = view;
  const list = view.districts;
  if (list.length === 0) return h("div", { class: "row-districts" });
  const decimals = columnDecimals(list.map((v) => v.value), indicator.unit);
  const item = (value) => {
    const state = stateOf(indicator, value);
    const loud = state === "off_target" || state === "watch" || state === "unknown";
    const text = value.value === null ? reason(value) : rounded(shown(value.value, indicator.unit), decimals);
    return h("li", {},
      h("span", { class: "place" }, nameOf(value.place)),
      h("a", { href: address(value), class: value.value === null ? "absent" : "" }, text),
      h("span", { class: "slot" }, loud && smallMark(state)));
  };
  const rest = list.slice(FEW);
  const quiet = silent(list);
  const without = quiet > 0 && t("districts_silent", { n: quiet });
  return h("div", { class: "row-districts" },
    h("h4", {}, t("districts"), unitWord(indicator.unit) && `, ${unitWord(indicator.unit)}`),
    h("ul", {}, list.slice(0, FEW).map(item)),
    rest.length > 0
      ? h("details", { "data-key": `districts ${indicator.id}` }, h("summary", {}, [t("more_districts", { n: rest.length }), without].filter(Boolean).join(" · ")), h("ul", {}, rest.map(item)))
      : without && h("p", { class: "when" }, without));
}

function facts(context) {
  const { view, wanted } = context;
  const { indicator, grain } = view;
  const owner = words(indicator.owner) || indicator.owner_function;
  return h("dl", { class: "row-facts" },
    indicator.targets && h("div", {}, h("dt", {}, t("target")), h("dd", {}, aim(indicator))),
    h("div", {}, h("dt", {}, t("owner")), h("dd", {}, owner)),
    grain !== wanted && h("div", { class: "wide" }, h("dt", {}, t("grain")), h("dd", {}, t("only_grain", { grain: t(`grain_${wanted}`).toLowerCase(), shown: t(`grain_${grain}`).toLowerCase() }))));
}

/** The row of an indicator. */
export function row(context) {
  const { view } = context;
  const part = trendPart(context);
  return h("article", { class: `row ${view.state}${context.opened === view.indicator.id ? " open" : ""}`, id: `i-${view.indicator.id}` },
    head(context), valuePart(context), part.chart, districts(context), facts(context), part.table);
}

/** The row of an indicator whose values could not be read. */
export function failedRow({ indicator, sentence, retry }) {
  return h("article", { class: "row failed" },
    h("div", { class: "row-head" }, h("h3", {}, words(indicator.title)), h("p", { class: "question" }, words(indicator.question))),
    h("div", { class: "row-value" }, mark("unknown"), h("p", { class: "absent" }, `${t("error_values")} ${sentence}`), h("button", { onclick: retry }, t("retry"))));
}

/** The place named by a value's place id. */
export const namer = (places, city, nameOf) => (id) => {
  if (id === CITY) return words(city);
  const found = places.find((p) => p.place_id === id);
  return found ? nameOf(found) : id;
};
