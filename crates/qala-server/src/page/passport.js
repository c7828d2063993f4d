// The passport of a value: a side panel where there is room, a full sheet on a phone.

import * as api from "./api.js";
import { stateOf } from "./data.js";
import { byId, h } from "./dom.js";
import { count, dateTime, full, period, quantity, rounded, shown, unitWord } from "./format.js";
import { t, words } from "./i18n.js";
import { glyph, mark, simulatedMark } from "./marks.js";
import { reason } from "./rows.js";

export const TABS = ["meaning", "value", "messages", "history"];

/** The name of a value in addresses. */
export const passportId = (value) => [value.indicator, value.place, value.grain, value.period_start].join("/");

const facts = (entries) => h("dl", { class: "facts" }, entries.filter(Boolean).map(([name, value, kind]) => h("div", {}, h("dt", {}, name), h("dd", { class: kind }, value))));

const absent = (number) => number === null || number === undefined;

/** All digits as they are stored: a ratio stays a ratio, for a product would round. The unit never breaks at its `/`. */
function exact(number, unit) {
  const word = unit === "ratio" ? t("ratio") : unitWord(unit).replace("/", "\u2060/\u2060");
  return word ? `${full(number)} ${word}` : full(number);
}

const given = (number, unit) => (absent(number) ? h("span", { class: "dim" }, t("none")) : exact(number, unit ?? "1"));

function copyButton(text) {
  const button = h("button", { class: "quiet" }, t("copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = t("copied");
    } catch {
      // No right to the clipboard: the text is selected instead.
      getSelection().selectAllChildren(button.parentElement.querySelector("pre"));
    }
  });
  return button;
}

function meaning({ indicator, passport }) {
  const sql = passport.sql.trim();
  return [
    h("h3", {}, t("question")), h("p", {}, words(indicator?.question)),
    h("h3", {}, t("decision")), h("p", {}, words(indicator?.decision)),
    h("h3", {}, t("definition")), h("p", { class: "dim" }, t("definition_note")),
    h("div", { class: "code" }, h("pre", { tabindex: 0 }, sql), copyButton(sql)),
  ];
}

function inputs(value, datasets) {
  let list = [];
  try {
    list = JSON.parse(value.inputs ?? "[]");
  } catch {
    return h("code", {}, value.inputs);
  }
  const several = list.some((i) => i.partition > 0);
  return h("table", { class: "inputs" }, h("tbody", {}, list.map((input) => {
    const title = words(datasets.find((d) => d.name === input.table)?.title);
    return h("tr", {}, h("th", { scope: "row" }, title, h("code", {}, input.table), several && h("small", {}, t("partition", { n: input.partition }))), h("td", { class: "number" }, h("small", {}, "_seq "), count(input.seq)));
  })));
}

function valueTab({ passport, datasets }) {
  const { value } = passport;
  const { unit } = value;
  // What tells of single records is not sent to everybody.
  const sent = (name, row) => (name in value ? [row()] : []);
  const interval = absent(value.lower) || absent(value.upper) ? given(null) : `${full(value.lower)} – ${exact(value.upper, unit)}`;
  return [
    facts([
      [t("full_value"), value.value === null ? reason(value) : given(value.value, unit), "number"],
      [t("bounds"), interval, "number"],
      ...sent("numerator", () => [t("numerator"), given(value.numerator), "number"]),
      ...sent("denominator", () => [t("denominator"), given(value.denominator), "number"]),
      ...sent("row_count", () => [t("row_count"), count(value.row_count), "number"]),
      [t("coverage"), given(value.coverage, "ratio"), "number"],
      [t("computed_at"), dateTime(value.computed_at), "number"],
      [t("definition_hash"), h("code", {}, value.definition_hash)],
      [t("schema_hash"), h("code", {}, value.schema_hash)],
      ...sent("value_digest", () => [t("value_digest"), h("code", {}, value.value_digest)]),
    ]),
    h("h3", {}, t("inputs")), inputs(value, datasets),
  ];
}

function messagesTab({ passport, feeds }) {
  const { messages } = passport;
  if (messages.length === 0) return h("p", {}, t("messages_none"));
  const title = (id) => words(feeds.find((f) => f.id === id)?.title) || id;
  return [
    h("p", { class: "dim" }, t("messages_note", { n: messages.length })),
    h("ol", { class: "messages" }, messages.map((m) => h("li", {},
      h("div", { class: "message-head" }, h("b", {}, title(m.feed)), h("time", {}, m._received_at && dateTime(m._received_at))),
      h("code", { title: m.digest }, m.name || m.feed),
      h("p", { class: m.quarantined > 0 ? "some" : "" }, t("balance", { received: count(m.received), accepted: count(m.accepted), duplicate: count(m.duplicate), quarantined: count(m.quarantined) }))))),
  ];
}

function historyTab({ passport }) {
  if (passport.history.length === 0) return h("p", {}, t("history_none"));
  return [
    h("p", { class: "dim" }, t("history_note")),
    h("ol", { class: "messages" }, [passport.value, ...passport.history].map((v) => h("li", {},
      h("div", { class: "message-head" }, h("b", {}, v.value === null ? reason(v) : quantity(v.value, v.unit)), h("time", {}, t("restated", { time: dateTime(v.computed_at) }))),
      v.value !== null && h("p", { class: "dim" }, exact(v.value, v.unit)), h("code", {}, v.value_digest)))),
  ];
}

const CONTENT = { meaning, value: valueTab, messages: messagesTab, history: historyTab };

function verdictWords(verdict, unit) {
  const { verdict: kind, recomputed, digest } = verdict;
  if (kind === "different") {
    return absent(recomputed) ? t("verdict_different_none") : t("verdict_different", { value: exact(recomputed, unit) });
  }
  return t(`verdict_${kind}`, { digest: digest ?? "" });
}

/** The passport panel. `context()` gives catalog, feeds and names; `go` changes the address. */
export function passportPanel({ context, go, sentence }) {
  const panel = byId("panel");
  let open = null;
  let verdict = null;

  const retry = () => show(open.id, open.tab, true);

  async function verify() {
    const { id } = open;
    verdict = { busy: true };
    draw();
    try {
      const answer = await api.passport(id, true);
      verdict = { kind: answer.verdict.verdict, text: verdictWords(answer.verdict, answer.value.unit) };
    } catch (error) {
      verdict = { kind: "failed", text: sentence(error) };
    }
    if (open?.id === id) draw("verify");
  }

  function tabs() {
    const buttons = TABS.map((tab) => h("button", {
      role: "tab", id: `tab-${tab}`, "aria-selected": String(tab === open.tab), "aria-controls": "tab-panel", tabindex: tab === open.tab ? 0 : -1,
      onclick: () => go(open.id, tab),
    }, t(`tab_${tab}`)));
    const move = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = TABS[(TABS.indexOf(open.tab) + step + TABS.length) % TABS.length];
      go(open.id, next);
      byId(`tab-${next}`)?.focus();
    };
    return h("div", { role: "tablist", class: "tabs", "aria-label": t("passport"), onkeydown: move }, buttons);
  }

  function verifyPart() {
    const result = verdict && !verdict.busy && h("p", { class: `verdict ${verdict.kind}` }, verdict.text);
    return h("footer", { class: "verify" },
      h("button", { id: "verify", class: "primary", disabled: verdict?.busy ?? false, onclick: verify }, t("verify")),
      h("div", { role: "status" }, verdict?.busy ? t("verifying") : result || h("span", { class: "dim" }, t("verify_note"))));
  }

  function top(value, indicator, nameOf) {
    const number = value && (value.value === null
      ? h("p", { class: "absent" }, reason(value))
      : h("p", { class: "passport-number" }, h("b", {}, rounded(shown(value.value, value.unit))), unitWord(value.unit) && h("span", { class: "unit" }, unitWord(value.unit))));
    return h("header", { class: "passport-head" },
      h("p", { class: "kicker" }, t("passport")),
      h("h2", { id: "passport-title", tabindex: -1 }, words(indicator?.title) || open.id),
      value && h("p", { class: "dim" }, `${nameOf(value.place)} · ${period(value)}`),
      number,
      value && h("p", { class: "state-line" }, mark(stateOf(indicator ?? {}, value)), value.simulated && simulatedMark()),
      h("button", { class: "icon close", "aria-label": t("close"), title: `${t("close")} (Esc)`, onclick: () => go(null) }, glyph("close")));
  }

  function draw(focus = null) {
    const { catalog, feeds, nameOf } = context();
    const id = open.id.split("/")[0];
    const indicator = catalog?.indicators.find((i) => i.id === id);
    const { passport, error } = open;
    const body = error
      ? h("div", { class: "trouble" }, h("p", {}, error), h("button", { onclick: retry }, t("retry")))
      : passport
        ? CONTENT[open.tab]({ passport, indicator, feeds, datasets: catalog?.datasets ?? [] })
        : h("div", { class: "ghost", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    panel.replaceChildren(
      top(passport?.value, indicator, nameOf),
      tabs(),
      h("div", { class: "tab-panel", id: "tab-panel", role: "tabpanel", "aria-labelledby": `tab-${open.tab}`, tabindex: 0 }, body),
      ...(passport ? [verifyPart()] : []));
    if (focus) byId(focus)?.focus({ preventScroll: true });
  }

  async function show(id, tab, again = false) {
    const sameValue = open?.id === id && !again;
    if (sameValue && open.tab === tab) return draw(document.activeElement?.id);
    const first = !open;
    open = sameValue ? { ...open, tab } : { id, tab };
    if (!sameValue) verdict = null;
    panel.hidden = false;
    panel.setAttribute("aria-labelledby", "passport-title");
    document.body.classList.add("with-panel");
    draw(sameValue ? `tab-${tab}` : first || again ? "passport-title" : null);
    if (sameValue) return undefined;
    let found = {};
    try {
      found = { passport: await api.passport(id, false) };
    } catch (error) {
      found = { error: sentence(error) };
    }
    if (open?.id !== id) return undefined;
    open = { ...open, ...found };
    draw("passport-title");
    return undefined;
  }

  function hide() {
    open = null;
    verdict = null;
    panel.hidden = true;
    panel.replaceChildren();
    document.body.classList.remove("with-panel");
  }

  return { show, hide, redraw: () => open && draw(document.activeElement?.id), openId: () => open?.id ?? null };
}
