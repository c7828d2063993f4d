// The first sentence of the page.

import { CITY } from "./data.js";
import { dateTime, quantity, rounded } from "./format.js";
import { t, words } from "./i18n.js";

const clause = (summary) => {
  const { n, states, districts } = summary;
  if (states.off_target > 0) return t("head_off", { n, off: states.off_target });
  if (districts > 0) return t("head_districts", { places: districts });
  if (states.watch > 0) return t("head_watch", { n, watch: states.watch });
  if (states.on_target > 0) return t("head_calm", { n, on: states.on_target });
  return t("head_no_targets", { n });
};

function worst(summary, nameOf, city) {
  const { view, value, severity } = summary.worst;
  const { indicator } = view;
  const times = { x: rounded(severity, severity < 1.1 ? 2 : severity < 9.95 ? 1 : 0) };
  const below = { value: quantity(value.value, indicator.unit), limit: quantity(indicator.targets.limit, indicator.unit) };
  return t("head_worst", {
    title: words(indicator.title),
    how: indicator.better === "lower" ? t("times_limit", times) : t("below_limit", below),
    place: value.place === CITY ? words(city) : nameOf(value.place),
  });
}

/** The sentence in two parts: what; then who is worst, and of when. */
export function headline(summary, nameOf, city) {
  const more = [summary.worst && worst(summary, nameOf, city), summary.asOf && t("head_as_of", { time: dateTime(summary.asOf) })].filter(Boolean);
  return more.length > 0 ? [`${clause(summary)}; `, `${more.join("; ")}.`] : [`${clause(summary)}.`, ""];
}

/** The quiet rest under it: how many are in the other states. */
export function rest(summary) {
  return ["watch", "unknown", "no_target"].filter((s) => summary.states[s] > 0).map((s) => t(`rest_${s}`, { n: summary.states[s] }));
}
