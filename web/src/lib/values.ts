// What answers mean: the newest value, its neighbours, states, ranks. Plain functions; nothing is fetched or drawn here.

import type { Feed, Indicator, Place, Standing, Value } from "../api/types";
import { pressing } from "./pressing";

/** The place id of the whole city in values. */
export const CITY = "city";

export type State = "off_target" | "watch" | "unknown" | "suppressed" | "on_target" | "no_target";

/** States from the loudest to the quietest. */
export const STATES: readonly State[] = ["off_target", "watch", "unknown", "suppressed", "on_target", "no_target"];

export const isLoud = (state: State): boolean => state === "off_target" || state === "watch";

/** True when a value was held against its target. Where none was, nobody knows whether all is calm. */
export const isJudged = (state: State): boolean => isLoud(state) || state === "on_target";

type Aim = Pick<Indicator, "targets">;

/** The state of a value. A value without a target is not unknown: it is there, and nobody set a target. */
export function stateOf(indicator: Aim, value: Value | null | undefined): State {
  if (!value) return "unknown";
  if (value.value === null) return value.reason === "suppressed" ? "suppressed" : "unknown";
  return indicator.targets ? (value.status ?? "unknown") : "no_target";
}

/** The grain in which an indicator is shown when `wanted` is asked for. */
export function grainFor(indicator: Pick<Indicator, "grains">, wanted: string): string {
  if (indicator.grains.includes(wanted)) return wanted;
  return indicator.grains.includes("day") ? "day" : (indicator.grains[0] ?? "day");
}

/** Values by place, as they came: oldest first. */
export function byPlace(values: readonly Value[]): Map<string, Value[]> {
  const places = new Map<string, Value[]>();
  for (const value of values) {
    const list = places.get(value.place);
    if (list) list.push(value);
    else places.set(value.place, [value]);
  }
  for (const list of places.values()) list.sort((a, b) => Date.parse(a.period_start) - Date.parse(b.period_start));
  return places;
}

export const ended = (value: Value, now: number): boolean => Date.parse(value.period_end) <= now;
const begun = (value: Value, now: number): boolean => Date.parse(value.period_start) < now;

/** The newest value that has begun. A period that still runs and has no value yet does not count. */
function newest(list: readonly Value[], now: number): Value | null {
  const past = list.filter((v) => begun(v, now));
  return past.findLast((v) => ended(v, now) || v.value !== null) ?? past.at(-1) ?? null;
}

/** When a value is old: one and a half of its periods after its end, and a quarter of an hour for the computation. */
function oldAt(value: Value): number {
  const [start, end] = [Date.parse(value.period_start), Date.parse(value.period_end)];
  return end + 1.5 * (end - start) + 15 * 60000;
}

export const isStale = (value: Value, now: number): boolean => now > oldAt(value);

/** How far a value is beyond its limit: above 1 is worse than the limit. */
export function severity(indicator: Pick<Indicator, "targets" | "better">, value: Value | null): number {
  const limit = indicator.targets?.limit;
  if (limit === undefined || !value || value.value === null || indicator.better === "neither") return 0;
  const [over, under] = indicator.better === "lower" ? [value.value, limit] : [limit, value.value];
  if (under > 0) return over / under;
  return over > 0 ? Infinity : 1;
}

export interface View {
  indicator: Indicator;
  grain: string;
  /** The place the view is about. */
  place: string;
  places: Map<string, Value[]>;
  /** Values of the place up to the moment, oldest first. */
  line: Value[];
  shown: Value | null;
  state: State;
  /** The values of the districts in the shown period, the worst first. */
  districts: Value[];
  /** The last value that was there, when there is none now. */
  good: Value | null;
  before: Value | null;
  since: { start: string; first: boolean } | null;
  running: boolean;
  stale: boolean;
  simulated: boolean;
}

/** Districts from the worst to the best; without an aim, the largest first. */
export function ranked(indicator: Indicator, values: readonly Value[]): Value[] {
  const order = (v: Value): number => STATES.indexOf(stateOf(indicator, v));
  const number = (v: Value): number => v.value ?? -Infinity;
  const worse = indicator.better === "higher" ? (a: Value, b: Value) => (a.value ?? Infinity) - (b.value ?? Infinity) : (a: Value, b: Value) => number(b) - number(a);
  return [...values].sort((a, b) => Number(a.value === null) - Number(b.value === null) || (indicator.targets ? order(a) - order(b) : 0) || worse(a, b));
}

/** An indicator at a place with its stored values, ready to be shown as of a moment. */
export function viewOf(indicator: Indicator, grain: string, values: readonly Value[], now: number, place = CITY): View {
  const places = byPlace(values);
  const line = (places.get(place) ?? []).filter((v) => begun(v, now));
  const shown = newest(line, now);
  const state = stateOf(indicator, shown);
  const at = shown ? line.indexOf(shown) : -1;
  const districts = [...places.keys()]
    .filter((p) => p !== CITY)
    .map((p) => places.get(p)?.find((v) => v.period_start === shown?.period_start))
    .filter((v): v is Value => v !== undefined);
  let first = at;
  while (first > 0 && stateOf(indicator, line[first - 1]) === state) first -= 1;
  const previous = at > 0 ? line[at - 1] : undefined;
  return {
    indicator,
    grain,
    place,
    places,
    line,
    shown,
    state,
    districts: ranked(indicator, districts),
    good: shown && shown.value === null ? (line.slice(0, at).findLast((v) => v.value !== null) ?? null) : null,
    before: previous && previous.value !== null ? previous : null,
    since: shown ? { start: (line[first] as Value).period_start, first: first === 0 } : null,
    running: shown !== null && !ended(shown, now),
    stale: shown !== null && isStale(shown, now),
    simulated: values.some((v) => v.simulated),
  };
}

const steady = new Map<string, { indicator: Indicator; values: readonly Value[]; from: number; until: number; view: View }>();

/** As `viewOf`, but the same view as before while nothing in it has changed: what shows it is not drawn again. */
export function steadyViewOf(indicator: Indicator, grain: string, values: readonly Value[], now: number, place = CITY): View {
  const key = `${indicator.id} ${grain} ${place}`;
  const before = steady.get(key);
  if (before?.indicator === indicator && before.values === values && before.from <= now && now < before.until) return before.view;
  const view = viewOf(indicator, grain, values, now, place);
  // A view changes by itself when one of its periods begins, ends or grows old.
  let until = Infinity;
  const turn = (at: number): void => void (at >= now && at < until && (until = at));
  for (const v of view.places.get(place) ?? []) {
    turn(Date.parse(v.period_start));
    turn(Date.parse(v.period_end));
  }
  if (view.shown) turn(oldAt(view.shown));
  steady.set(key, { indicator, values, from: now, until, view });
  return view;
}

const SHOWN = ["value", "status", "lower", "upper", "reason", "coverage", "simulated", "computed_at", "period_end", "unit"] as const;

/** Values that were read again: those that are as before are the same objects, and where all are, the same list. */
export function steadied(before: readonly Value[] | undefined, values: Value[]): readonly Value[] {
  if (!before) return values;
  const keyOf = (v: Value): string => `${v.place} ${v.period_start}`;
  const known = new Map(before.map((v) => [keyOf(v), v]));
  const same = values.map((v) => {
    const old = known.get(keyOf(v));
    return old && SHOWN.every((name) => old[name] === v[name]) ? old : v;
  });
  return same.length === before.length && same.every((v, i) => v === before[i]) ? before : same;
}

/** True when the city's mean may look calm while a district is off target. */
export const isDistrictOff = (view: View): boolean => view.place === CITY && view.districts.some((d) => stateOf(view.indicator, d) === "off_target");

/** Views with what must be looked at first on top: by state, by what hangs on the subject, by how many times the limit it is. */
export function byTrouble(views: readonly View[]): View[] {
  const rank = (view: View): number[] => {
    // A mean that is to be watched while a district is off target is trouble; a calm one is worth a look.
    const state = !isDistrictOff(view) ? view.state : isLoud(view.state) ? "off_target" : "watch";
    const beyond = Math.max(...[view.shown, ...(view.place === CITY ? view.districts : [])].map((value) => severity(view.indicator, value)));
    // Whole times only: a list that is sorted anew with each new value cannot be read.
    return [STATES.indexOf(state), pressing(view.indicator.subject), -Math.floor(beyond)];
  };
  return views.map((view) => ({ view, by: rank(view) })).sort((a, b) => a.by.reduce((sum, n, i) => sum || Math.sign(n - (b.by[i] as number)) || 0, 0)).map(({ view }) => view);
}

/** The rank of a place among those that have a value; 1 is the best. Null where there is no better or no value. */
export function rankOf(view: View, place: string): { rank: number; of: number } | null {
  if (view.indicator.better === "neither") return null;
  const list = ranked(view.indicator, view.districts.filter((v) => v.value !== null)).reverse();
  const at = list.findIndex((v) => v.place === place);
  return at < 0 ? null : { rank: at + 1, of: list.length };
}

/** The end of the newest period that has a value. */
export function newestEnd(views: readonly View[], now: number): string | null {
  const ends = views.map((v) => v.good ?? v.shown).filter((v): v is Value => v !== null && v.value !== null);
  const past = ends.filter((v) => ended(v, now));
  const list = past.length > 0 ? past : ends;
  return list.map((v) => v.period_end).sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null;
}

export interface Summary {
  n: number;
  states: Record<State, number>;
  worst: { view: View; value: Value; severity: number } | null;
  districts: number;
  asOf: string | null;
  /** The end of the period of the worst value; the moment while that period runs. */
  worstAt: string | null;
  stale: boolean;
}

/** What the first sentence of a page says. */
export function summary(views: readonly View[], now: number): Summary {
  const states = Object.fromEntries(STATES.map((s) => [s, views.filter((v) => v.state === s).length])) as Record<State, number>;
  const off = views.flatMap((view) =>
    [view.shown, ...(view.place === CITY ? view.districts : [])]
      .filter((value): value is Value => value !== null && stateOf(view.indicator, value) === "off_target")
      .map((value) => ({ view, value, severity: severity(view.indicator, value) })));
  off.sort((a, b) => pressing(a.view.indicator.subject) - pressing(b.view.indicator.subject) || b.severity - a.severity);
  const districts = new Set(off.map((c) => c.value.place).filter((p) => p !== CITY));
  const asOf = newestEnd(views, now);
  const worst = off[0] ?? null;
  const worstAt = !worst ? null : ended(worst.value, now) ? worst.value.period_end : new Date(now).toISOString();
  return { n: views.length, states, worst, districts: districts.size, asOf, worstAt, stale: views.length > 0 && views.every((v) => v.stale || !v.shown) };
}

/** The standing of a feed; what was imported by hand promised nothing. */
export function standingOf(feed: Feed): Standing {
  if (!feed.last_received) return "never";
  return feed.obligation?.state ?? "free";
}

const STANDINGS: readonly Standing[] = ["stopped", "late", "never", "kept", "free"];

/** Feeds, the longest silent first. */
export function feedsByTrouble(feeds: readonly Feed[]): Feed[] {
  const oldest = (f: Feed): number => (f.last_received ? Date.parse(f.last_received) : 0);
  return [...feeds].sort((a, b) => STANDINGS.indexOf(standingOf(a)) - STANDINGS.indexOf(standingOf(b)) || oldest(a) - oldest(b));
}

export interface Change { view: View; value: Value; from: number; to: number; share: number; worse: boolean | null }

/** What changed between the shown period and the one before, the largest share first; small changes are not news. */
export function changes(views: readonly View[], least = 0.1): Change[] {
  const out: Change[] = [];
  for (const view of views) {
    const [to, from] = [view.shown?.value, view.before?.value];
    // A period that still runs cannot be compared with a whole one.
    if (!view.shown || view.running || to === null || to === undefined || from === null || from === undefined) continue;
    const share = from === 0 ? (to === 0 ? 0 : Infinity) : (to - from) / Math.abs(from);
    if (Math.abs(share) < least) continue;
    const { better } = view.indicator;
    out.push({ view, value: view.shown, from, to, share, worse: better === "neither" ? null : better === "lower" ? to > from : to < from });
  }
  return out.sort((a, b) => Math.abs(b.share) - Math.abs(a.share));
}

/** The districts of the city, without the city itself. */
export const districtsOf = (places: readonly Place[]): Place[] => places.filter((p) => p.kind === "district");

/** The name of a value in addresses. */
export const passportId = (v: Pick<Value, "indicator" | "place" | "grain" | "period_start">): string =>
  [v.indicator, v.place, v.grain, v.period_start].join("/");
