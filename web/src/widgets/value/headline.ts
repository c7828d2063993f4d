// The first sentence of a page that shows many indicators.

import { CITY, type Summary } from "../../lib/values";
import { capital, dateTime, locale, placeName, quantity, t, words } from "../../ui/say.svelte";
import { rounded } from "../../lib/format";

function clause({ n, states, districts }: Summary): string {
  if (n > 0 && states.no_target === n) return t("head_aimless", { n });
  if (states.off_target > 0) return t("head_off", { n, off: states.off_target });
  if (districts > 0) return t("head_districts", { places: districts });
  if (states.watch > 0) return t("head_watch", { n, watch: states.watch });
  if (states.on_target > 0) return t("head_calm", { n, on: states.on_target });
  return t("head_no_targets", { n });
}

/** Who is worst, in words; null when nobody is. */
function worst(summary: Summary): string | null {
  if (!summary.worst) return null;
  const { view, value, severity } = summary.worst;
  const { indicator } = view;
  // Where the limit is zero, no number of times says how far beyond it a value is.
  const how = indicator.better === "lower"
    ? Number.isFinite(severity)
      ? t("times_limit", { x: rounded(locale.lang, severity, severity < 1.1 ? 2 : severity < 9.95 ? 1 : 0) })
      : t("above_limit", { value: quantity(value.value ?? 0, indicator.unit), limit: quantity(indicator.targets?.limit ?? 0, indicator.unit) })
    : t("below_limit", { value: quantity(value.value ?? 0, indicator.unit), limit: quantity(indicator.targets?.limit ?? 0, indicator.unit) });
  return t("head_worst", { title: words(indicator.title), how, place: value.place === CITY ? words(locale.city) : placeName(value.place) });
}

/** The sentence in two parts: what; then who is worst, and as of when. */
export function headline(summary: Summary): [string, string] {
  // A time beside a value that is named is the time of that value.
  const time = summary.worstAt ?? summary.asOf;
  const more = [worst(summary), time ? t("as_of_time", { time: dateTime(time) }) : null].filter((s) => s !== null);
  return [`${clause(summary)}. `, more.length > 0 ? `${capital(more.join("; "))}.` : ""];
}

/** The quiet rest: how many are in the other states. */
export const rest = (summary: Summary): string[] =>
  (["watch", "on_target", "unknown", "suppressed", "no_target"] as const).filter((s) => summary.states[s] > 0).map((s) => t(`rest_${s}`, { n: summary.states[s] }));
