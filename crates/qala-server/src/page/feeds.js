// What stopped reporting: feeds with the age of their last message and their counts.

import { feedStates } from "./data.js";
import { h } from "./dom.js";
import { callsPart } from "./duty.js";
import { ago, count, dateTime, seconds } from "./format.js";
import { t, words } from "./i18n.js";
import { mark, simulatedMark } from "./marks.js";

const SHAPE = { stopped: "watch", late: "watch", never: "unknown", reports: "on_target", free: "no_target" };

function answer(states) {
  const stopped = states.filter((s) => s.state === "stopped");
  const never = states.filter((s) => s.state === "never").length;
  const sentences = [];
  if (stopped.length > 0) {
    const { feed } = stopped[0];
    sentences.push(t("feeds_stopped", { stopped: stopped.length, n: states.length, feed: words(feed.title), time: dateTime(feed.last_received) }));
  } else if (never < states.length) {
    sentences.push(t("feeds_fine", { n: states.length - never }));
  }
  const late = states.filter((s) => s.state === "late").length;
  if (late > 0) sentences.push(t("feeds_late", { n: late }));
  if (never > 0) sentences.push(t("feeds_never", { n: never }));
  const text = `${sentences.join("; ")}.`;
  return text[0].toUpperCase() + text.slice(1);
}

const COUNTS = ["messages", "received", "accepted", "duplicate", "quarantined"];
const TITLE = { messages: "messages_count" };

function line({ feed, state }, now, ownerOf) {
  const at = feed.last_received;
  const old = state === "stopped" || state === "late" ? "stale" : "";
  const age = at ? [ago(at, now), dateTime(at)].filter(Boolean).join(" · ") : t("feed_never");
  const cadence = feed.cadence_s ? `${t("cadence").toLowerCase()} ${seconds(feed.cadence_s)}` : null;
  const note = [feed.kind, words(feed.obligation?.function) || ownerOf(feed.owner_function), feed.licence].filter(Boolean).join(" · ");
  return h("tr", { class: state },
    h("th", { scope: "row" }, h("span", {}, words(feed.title) || feed.id), h("small", {}, note), feed.simulated && simulatedMark()),
    h("td", { "data-label": t("feed_state") }, h("span", { class: "cell" }, mark(feed.error ? "watch" : SHAPE[state], t(`feed_${state}`)), feed.error && h("small", {}, t("feed_error", { error: feed.error })), cadence && h("small", {}, cadence))),
    h("td", { "data-label": t("last_message"), class: old }, age),
    COUNTS.map((c) => h("td", { class: `number${c === "quarantined" && feed[c] > 0 ? " some" : ""}`, "data-label": t(TITLE[c] ?? c) }, count(feed[c]))));
}

/** The section of feeds. */
export function feedsPart({ feeds, now, ownerOf }) {
  const section = (...children) => h("section", { class: "feeds", "aria-labelledby": "feeds" }, h("h2", { id: "feeds" }, t("feeds")), children);
  if (feeds.length === 0) return section(h("p", { class: "answer" }, t("no_feeds")));
  const states = feedStates(feeds);
  const heads = h("tr", {},
    ["feed", "feed_state", "last_message"].map((k) => h("th", { scope: "col" }, t(k))),
    COUNTS.map((c) => h("th", { scope: "col", class: "number" }, t(TITLE[c] ?? c))));
  return section(
    h("p", { class: "answer" }, answer(states)),
    callsPart(feeds, now),
    h("div", { class: "card" }, h("table", { class: "stacking" }, h("thead", {}, heads), h("tbody", {}, states.map((s) => line(s, now, ownerOf))))));
}
