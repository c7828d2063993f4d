// The page under the bar, from what is known: first sentence, controls, indicators by subject, feeds, foot.

import { STATES, summary } from "./data.js";
import { h } from "./dom.js";
import { bytes, clock, count, date, dateTime } from "./format.js";
import { demoFacts, demoPart, isMoving } from "./demo.js";
import { feedsPart } from "./feeds.js";
import { headline, rest } from "./headline.js";
import { has, language, t, words } from "./i18n.js";
import { glyph, mark, simulatedMark } from "./marks.js";
import { failedRow, row } from "./rows.js";
import { trustPart } from "./trust.js";

export const RANGES = { all: null, "1d": 1, "7d": 7, "30d": 30, "365d": 365 };

function controls({ choice, choose, catalog, tables }) {
  const known = new Set(catalog.indicators.flatMap((i) => i.grains));
  const grains = ["minute15", "hour", "day", "week", "month", "quarter", "year"].filter((g) => known.has(g) && (["hour", "day"].includes(g) || g === choice.grain));
  const grain = h("div", { class: "segments", role: "group", "aria-label": t("grain") },
    grains.map((g) => h("button", { "aria-pressed": String(g === choice.grain), "data-key": `grain ${g}`, onclick: () => choose({ grain: g }) }, t(`grain_${g}`))));
  const range = h("label", { class: "range" }, h("span", {}, t("range")),
    h("select", { "data-key": "range", onchange: (e) => choose({ range: e.target.value }) },
      Object.keys(RANGES).map((r) => h("option", { value: r, selected: r === choice.range }, t(`range_${r}`)))));
  const all = h("div", { class: "segments", role: "group", "aria-label": t("tables_hint"), title: t("tables_hint") },
    [["as_charts", false], ["as_tables", true]].map(([key, on]) => h("button", { "aria-pressed": String(tables.all === on), "data-key": key, onclick: () => choose({ tables: on }) }, t(key))));
  return h("div", { class: "controls" }, grain, range, all);
}

const subjectName = (subject) => (has(`subject_${subject}`) ? t(`subject_${subject}`) : subject);

function subjects(model) {
  const groups = new Map();
  for (const entry of model.entries) {
    const { subject } = entry.indicator;
    if (!groups.has(subject)) groups.set(subject, []);
    groups.get(subject).push(entry);
  }
  // What was never computed is not news.
  const loudness = ({ view }) => (view && !view.shown ? STATES.length : STATES.indexOf(view ? view.state : "unknown"));
  const loudest = (entries) => Math.min(...entries.map(loudness));
  // What is on target and what has no target are equally quiet: they keep the order of the catalog.
  const order = (a, b) => Math.min(a, 3) - Math.min(b, 3);
  return [...groups].sort(([, a], [, b]) => order(loudest(a), loudest(b))).map(([subject, entries]) => {
    const sorted = [...entries].sort((a, b) => order(loudness(a), loudness(b)));
    const loud = ["off_target", "watch", "unknown"].map((s) => [s, entries.filter((e) => (e.view?.state ?? "unknown") === s).length]).filter(([, n]) => n > 0);
    return h("section", { class: "subject", "aria-labelledby": `subject-${subject}` },
      h("header", { class: "subject-head" }, h("h2", { id: `subject-${subject}` }, subjectName(subject)), loud.map(([s, n]) => mark(s, `${n} ${t(s)}`))),
      h("div", { class: "card" }, sorted.map((entry) => (entry.view ? row({ ...model.rowContext, view: entry.view }) : failedRow(entry)))));
  });
}

function noticeOfSimulation(views, feeds) {
  const flags = views.filter((v) => v.shown).map((v) => v.simulated);
  if (!flags.includes(true) && !feeds.some((f) => f.simulated && f.messages > 0)) return null;
  const all = flags.length > 0 && flags.every(Boolean);
  return h("p", { class: "notice" }, simulatedMark(), h("span", {}, t(all ? "simulated_all" : "simulated_some")));
}

function empty({ catalog }) {
  return h("section", { class: "empty card" },
    h("h1", {}, t("empty_title")),
    h("p", {}, t("empty_text")), h("pre", { tabindex: 0 }, "qala demo"),
    h("p", {}, t("empty_import")), h("pre", { tabindex: 0 }, "qala import gtfs timetable.zip\nqala indicator compute transit.scheduled_trips --grain day --from 2026-03-02 --to 2026-03-05"),
    h("h2", {}, t("empty_would")),
    h("ul", {}, catalog.indicators.map((i) => h("li", {}, h("b", {}, words(i.title)), h("span", {}, words(i.question))))));
}

function foot({ catalog, status, readAt }) {
  const full = (status?.storage ?? []).filter((s) => s.full_on).sort((a, b) => a.full_on.localeCompare(b.full_on))[0];
  const parts = [
    t("updated", { time: clock(readAt) }),
    t("foot_version", { version: catalog.version }),
    status && t("foot_seq", { seq: count(status.seq) }),
    status && t("foot_disk", { size: bytes(status.disk_free_bytes) }),
    ...demoFacts(status?.demo),
    full && t("foot_full", { dataset: words(catalog.datasets.find((d) => d.name === full.dataset)?.title) || full.dataset, date: date(full.full_on) }),
    catalog.zone,
  ];
  const tables = h("a", { href: `/data?lang=${language()}` }, t("foot_data"));
  return h("footer", { class: "foot" }, tables, parts.filter(Boolean).map((p) => h("span", {}, p)));
}

/** The page while nothing is known yet; its grey shapes show after 300 ms. */
export function loading() {
  return [h("div", { class: "ghost page", role: "status", "aria-label": "…" }, h("i", { class: "title" }), h("i", { class: "title short" }), [1, 2, 3, 4, 5].map(() => h("i", { class: "block" })))];
}

/** The page when the centre does not answer. */
export function trouble({ sentence, retry }) {
  return [h("section", { class: "trouble card", role: "alert" }, h("h1", {}, sentence), h("button", { class: "primary", onclick: retry }, t("retry")))];
}

/** The whole page. */
export function page(model) {
  const { catalog, now, choice, feeds, feedsTrouble, rowContext, refreshFailed, readAt } = model;
  const views = model.entries.map((e) => e.view).filter(Boolean);
  const failed = model.entries.length - views.length;
  const nothing = failed === 0 && views.every((v) => v.city.length === 0 && v.places.size === 0);
  const feedsSection = feedsTrouble
    ? h("section", { class: "feeds" }, h("h2", {}, t("feeds")), h("div", { class: "card trouble" }, h("p", {}, `${feedsTrouble.sentence} ${t("error_works")}`), h("button", { onclick: feedsTrouble.retry }, t("retry"))))
    : feedsPart({ feeds, now, ownerOf: model.ownerOf });
  if (nothing && (choice.range === "all" || isMoving(model.status?.demo))) {
    return [isMoving(model.status?.demo) ? demoPart(model.status.demo) : empty({ catalog }), feeds.length > 0 && feedsSection, trustPart(model), foot(model)].filter(Boolean);
  }
  const said = summary(views, now);
  const [what, more] = headline(said, rowContext.nameOf, catalog.city);
  const broken = refreshFailed && h("p", { class: "notice stale", role: "alert" }, glyph("clock"), h("span", {}, t("refresh_failed", { time: clock(readAt) })), h("button", { onclick: model.retry }, t("retry")));
  const old = said.asOf && views.length > 0 && views.filter((v) => v.shown).every((v) => v.stale || v.shown.value === null);
  return [
    h("section", { class: "top" },
      h("h1", {}, h("b", {}, what), more),
      h("p", { class: "rest" }, rest(said).join(" · ")),
      broken,
      old && h("p", { class: "notice stale" }, glyph("clock"), h("span", {}, t("stale_page", { time: dateTime(said.asOf) }))),
      noticeOfSimulation(views, feeds),
      demoPart(model.status?.demo)),
    controls(model),
    nothing
      ? h("section", { class: "empty card" }, h("p", {}, t("range_empty")), h("button", { class: "primary", onclick: () => model.choose({ range: "all" }) }, t("show_all")))
      : subjects(model),
    feedsSection,
    trustPart(model),
    foot(model),
  ].flat().filter(Boolean);
}
