// What the answers mean: newest value, its neighbours, states. Plain functions; nothing is fetched or drawn here.

/** The place id of the whole city in values. */
export const CITY = "city";

/** States from the loudest to the quietest. */
export const STATES = ["off_target", "watch", "unknown", "on_target", "no_target"];

/** The state of a value. A value without a target is not unknown: it is there, and nobody set a target. */
export function stateOf(indicator, value) {
  if (!value || value.value === null) return "unknown";
  return indicator.targets ? value.status : "no_target";
}

/** The grain in which an indicator is shown when `wanted` is asked for. */
export function grainFor(indicator, wanted) {
  if (indicator.grains.includes(wanted)) return wanted;
  return indicator.grains.includes("day") ? "day" : indicator.grains[0];
}

/** Values by place, oldest first. */
export function byPlace(values) {
  const places = new Map();
  for (const value of values) {
    if (!places.has(value.place)) places.set(value.place, []);
    places.get(value.place).push(value);
  }
  return places;
}

const ended = (value, now) => Date.parse(value.period_end) <= now;

/** The value that is shown: the newest that has begun. A period that still runs and has no value yet does not count. */
function newest(city, now) {
  const begun = city.filter((v) => Date.parse(v.period_start) <= now);
  return begun.findLast((v) => ended(v, now) || v.value !== null) ?? begun.at(-1) ?? city[0] ?? null;
}

/** Since when the city's state has been what it is. */
function since(indicator, city, shown) {
  const state = stateOf(indicator, shown);
  let at = city.indexOf(shown);
  while (at > 0 && stateOf(indicator, city[at - 1]) === state) at -= 1;
  return { start: city[at]?.period_start ?? null, first: at === 0 };
}

/** Older than one and a half of its periods, and a quarter of an hour for the computation. */
function isStale(value, now) {
  const length = Date.parse(value.period_end) - Date.parse(value.period_start);
  return now - Date.parse(value.period_end) > 1.5 * length + 15 * 60000;
}

/** How far a value is beyond its limit: above 1 is worse than the limit. */
export function severity(indicator, value) {
  const { limit } = indicator.targets ?? {};
  if (limit === undefined || !value || value.value === null || indicator.better === "neither") return 0;
  const [over, under] = indicator.better === "lower" ? [value.value, limit] : [limit, value.value];
  return under > 0 ? over / under : over > 0 ? Infinity : 1;
}

/** An indicator with its stored values, ready to be shown. */
export function viewOf(indicator, grain, values, now) {
  const places = byPlace(values);
  const city = places.get(CITY) ?? [];
  const shown = newest(city, now);
  const state = stateOf(indicator, shown);
  const at = city.indexOf(shown);
  const districts = [...places.keys()]
    .filter((place) => place !== CITY)
    .map((place) => places.get(place).find((v) => v.period_start === shown?.period_start))
    .filter(Boolean)
    .sort((a, b) => rank(indicator, a) - rank(indicator, b) || severity(indicator, b) - severity(indicator, a));
  return {
    indicator,
    grain,
    places,
    city,
    shown,
    state,
    districts,
    good: shown && shown.value === null ? (city.slice(0, at).findLast((v) => v.value !== null) ?? null) : null,
    before: at > 0 && city[at - 1].value !== null ? city[at - 1] : null,
    since: shown ? since(indicator, city, shown) : null,
    running: Boolean(shown) && !ended(shown, now),
    stale: Boolean(shown) && isStale(shown, now),
    simulated: values.some((v) => v.simulated),
  };
}

const rank = (indicator, value) => STATES.indexOf(stateOf(indicator, value));

/** The end of the newest period of the city that has a value and has begun. */
export function asOf(views, now) {
  const ends = views.map((v) => v.good ?? v.shown).filter((v) => v && v.value !== null);
  const past = ends.filter((v) => ended(v, now));
  const order = (a, b) => Date.parse(a.period_end) - Date.parse(b.period_end);
  return ((past.length ? past : ends).sort(order).at(-1) ?? null)?.period_end ?? null;
}

/** What the first sentence of the page says. */
export function summary(views, now) {
  const states = Object.fromEntries(STATES.map((s) => [s, views.filter((v) => v.state === s).length]));
  const candidates = views.flatMap((view) =>
    [view.shown, ...view.districts]
      .filter((value) => value && stateOf(view.indicator, value) === "off_target")
      .map((value) => ({ view, value, severity: severity(view.indicator, value) })),
  );
  const worst = candidates.sort((a, b) => b.severity - a.severity)[0] ?? null;
  const districts = new Set(candidates.map((c) => c.value.place).filter((p) => p !== CITY));
  return { n: views.length, states, worst, districts: districts.size, asOf: asOf(views, now) };
}

/** Feeds with their state, the silent first. */
export function feedStates(feeds) {
  const state = (feed) => {
    if (!feed.last_received) return "never";
    // What was imported by hand promised nothing.
    const known = feed.obligation?.state ?? "free";
    return known === "kept" ? "reports" : known;
  };
  const order = ["stopped", "late", "never", "reports", "free"];
  const oldest = (feed) => (feed.last_received ? Date.parse(feed.last_received) : 0);
  return feeds
    .map((feed) => ({ feed, state: state(feed) }))
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || oldest(a.feed) - oldest(b.feed));
}
