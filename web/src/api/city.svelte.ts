// What every page needs to know of the city: the catalogue, places, feeds, the state of the centre and the city's clock.

import { DAY_MS, HOUR_MS, localText, parseLocal } from "../lib/time";
import { steadied } from "../lib/values";
import { afterPaint } from "../ui/display.svelte";
import { locale } from "../ui/say.svelte";
import { Resource } from "../ui/resource.svelte";
import * as api from "./client";
import { ApiError } from "./client";
import { readMany } from "./many";
import type { Catalog, CentreStatus, Dataset, Feed, Indicator, Layer, Place, Programme, Session, Value, ValueEvent } from "./types";

const MOMENT_MS = 5000;

class City {
  catalog = new Resource<Catalog>(api.catalog);
  places = new Resource<Place[]>(api.places);
  feeds = new Resource<Feed[]>(api.feeds);
  status = new Resource<CentreStatus>(api.status);
  /** Layers the server offers; none when it has no such route. */
  layers = new Resource<Layer[]>(() => api.layers().catch(absent<Layer[]>([])));
  /** Programmes; none when the server has no such route. */
  programmes = new Resource<Programme[]>(() => api.programmes().catch(absent<Programme[]>([])));
  /** Who is signed in; null when the server has no sign-in. */
  session = new Resource<Session | null>(() => api.session().catch(absent<Session | null>(null)));
  /** The city's present, milliseconds; moved on every second. */
  now = $state(Date.now());
  /** The present as pages of many numbers reckon with it: moved on every few seconds, for each time all of them are looked at again. */
  moment = $state(Date.now());
  /** The moment to which stored values reach: where a range is counted back from. */
  anchor = $state<number | null>(null);
  /** Values that were pushed since they were last read, by indicator. */
  pushed = $state.raw<ReadonlyMap<string, readonly ValueEvent[]>>(new Map());
  /** How often each dataset got rows since the page was opened. */
  touched = $state.raw<ReadonlyMap<string, number>>(new Map());
  /** How often it is not known which did. */
  upset = $state(0);
  /** Grows when values may have changed. */
  version = $state(0);
  #server = { now: Date.now(), at: performance.now(), speed: 1 };
  #moved = -Infinity;
  #came: ValueEvent[] = [];

  setClock(iso: string, speed = 1): void {
    this.#server = { now: Date.parse(iso), at: performance.now(), speed };
    this.#moved = -Infinity;
    this.tick();
  }

  /** Takes a pushed value in: it is on the screen with the next frames, long before its row is read again. Those that come together
      are taken in together, for each time all numbers of a page are looked at again. */
  push(event: ValueEvent): void {
    if (this.#came.push(event) > 1) return;
    void afterPaint().then(() => {
      const pushed = new Map(this.pushed);
      for (const e of this.#came.splice(0)) {
        const list = (pushed.get(e.indicator) ?? []).filter((old) => old.place !== e.place || old.period_start !== e.period_start);
        pushed.set(e.indicator, [...list.slice(-200), e]);
      }
      this.pushed = pushed;
      this.moment = this.now;
    });
  }

  /** Takes in that datasets got rows, or that some may have. */
  touch(datasets: readonly string[] | null): void {
    if (datasets === null) this.upset += 1;
    else this.touched = new Map([...this.touched, ...datasets.map((name): [string, number] => [name, (this.touched.get(name) ?? 0) + 1])]);
  }

  /** Grows whenever one of these datasets got rows, or may have. */
  turnOf(datasets: readonly string[]): number {
    return datasets.reduce((sum, name) => sum + (this.touched.get(name) ?? 0), this.upset);
  }

  #freshened = new WeakMap<readonly Value[], { events: readonly ValueEvent[]; values: readonly Value[] }>();

  /** Values with what was pushed since; the same list while nothing was. */
  freshened(id: string, values: readonly Value[]): readonly Value[] {
    const events = this.pushed.get(id);
    if (!events) return values;
    const before = this.#freshened.get(values);
    if (before?.events === events) return before.values;
    const fresh = values.map((v) => {
      const event = events.findLast((e) => e.place === v.place && (e.grain ?? v.grain) === v.grain && Date.parse(e.period_start) === Date.parse(v.period_start));
      return event ? { ...v, value: event.value, status: event.status ?? v.status, lower: event.lower ?? null, upper: event.upper ?? null } : v;
    });
    const list = steadied(before?.values ?? values, fresh);
    this.#freshened.set(values, { events, values: list });
    return list;
  }

  tick(): void {
    const { now, at, speed } = this.#server;
    this.now = now + (performance.now() - at) * speed;
    if (performance.now() - this.#moved < MOMENT_MS) return;
    this.#moved = performance.now();
    this.moment = this.now;
  }

  /** True when the stored values end days ago. */
  get isOld(): boolean {
    return this.anchor !== null && this.now - this.anchor > 2 * DAY_MS;
  }

  /** False until the server has said who is signed in, or could not. */
  get isSessionKnown(): boolean {
    return this.session.readAt > 0 || this.session.error !== null;
  }

  indicator(id: string): Indicator | undefined {
    return this.catalog.value?.indicators.find((i) => i.id === id);
  }

  dataset(name: string): Dataset | undefined {
    return this.catalog.value?.datasets.find((d) => d.name === name);
  }

  async load(): Promise<void> {
    await Promise.all([this.catalog.read(), this.places.read()]);
    const { value } = this.catalog;
    if (value) {
      locale.zone = value.zone;
      locale.city = value.city;
      this.setClock(value.now);
    }
    if (this.places.value) locale.places = this.places.value;
  }

  /** The state of the centre and who is signed in. */
  async loadState(): Promise<void> {
    const clock = this.status.read().then(() => this.status.value && this.setClock(this.status.value.now, this.status.value.demo?.speed));
    await Promise.all([clock, this.session.read()]);
  }

  /** What can come after the first numbers, which it would hold up. */
  async loadRest(): Promise<void> {
    await Promise.all([this.feeds.read(), this.layers.read(), this.programmes.read()]);
  }
}

const absent = <T>(otherwise: T) => (error: unknown): T => {
  if (error instanceof ApiError && error.isAbsent) return otherwise;
  throw error;
};

export const city = new City();

/** What is asked for: an indicator by a grain, back to an instant, as known at an instant. */
export interface Wanted { id: string; grain: string; from: number | null; asOf: number | null }

export interface Known { values: readonly Value[]; /** True when the server could not say what was known then. */ partly: boolean }

const kept = new Map<string, { at: number; version: number; answer: Promise<Known> }>();
const KEPT_MS = 60000;

async function ask({ id, grain, from, asOf }: Wanted): Promise<Known> {
  const wanted = { grain, from: from === null ? null : new Date(from).toISOString() };
  if (asOf === null) return { values: (await api.values(id, wanted)).values, partly: false };
  try {
    return { values: (await api.values(id, { ...wanted, as_of: new Date(asOf).toISOString() })).values, partly: false };
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 400) throw error;
  }
  // This server gives only what is known today. What was computed later was not known then.
  const { values } = await api.values(id, wanted);
  const then = (v: Value): Value => (Date.parse(v.computed_at) <= asOf ? v : { ...v, value: null, lower: null, upper: null, status: null, reason: "known_later" });
  return { values: values.map(then), partly: true };
}

/** Values of many indicators by few questions; where those fail, each is asked for by itself. */
export async function valuesOfMany(wanted: readonly Wanted[]): Promise<(Known | Error)[]> {
  const fresh = ({ at, version }: { at: number; version: number }): boolean => version === city.version && performance.now() - at < KEPT_MS;
  const missing = wanted.filter((w) => !fresh(kept.get(JSON.stringify(w)) ?? { at: -Infinity, version: -1 }));
  const first = missing[0];
  if (first && missing.length > 2) {
    const { asOf } = first;
    const answer = readMany(missing, asOf);
    for (const w of missing) {
      keep(w, answer.then((of) => ({ values: of(w), partly: false }), () => ask(w)));
    }
  }
  return Promise.all(wanted.map((w) => valuesOf(w).catch((error: Error) => error)));
}

/** Values of an indicator; asked again after a minute or when they may have changed. */
export function valuesOf(wanted: Wanted): Promise<Known> {
  const key = JSON.stringify(wanted);
  const found = kept.get(key);
  if (found && found.version === city.version && performance.now() - found.at < KEPT_MS) return found.answer;
  return keep(wanted, ask(wanted));
}

function keep(wanted: Wanted, answer: Promise<Known>): Promise<Known> {
  const key = JSON.stringify(wanted);
  kept.set(key, { at: performance.now(), version: city.version, answer });
  answer.catch(() => kept.delete(key));
  if (kept.size > 400) kept.delete(kept.keys().next().value as string);
  return answer;
}

const endOf = (values: readonly Value[]): number | null =>
  values.reduce<number | null>((end, v) => (v.value === null ? end : Math.max(end ?? -Infinity, Date.parse(v.period_end))), null);

/** The end that most indicators reach: a timetable may reach far beyond what was measured. */
const middle = (ends: number[]): number | null => ends.sort((a, b) => a - b)[Math.floor(ends.length / 2)] ?? null;

/** Where the stored values end: now in a city that lives, else the end of the newest days that most indicators have. */
export async function findAnchor(indicators: readonly Indicator[]): Promise<number> {
  const now = city.now;
  const daily = indicators.filter((i) => i.grains.includes("day"));
  const newest = async (grain: string, from: number | null): Promise<number[]> => {
    const answers = await valuesOfMany(daily.map((i) => ({ id: i.id, grain, from, asOf: null })));
    return answers.flatMap((a) => (a instanceof Error ? [] : [endOf(a.values)])).filter((end): end is number => end !== null);
  };
  if ((await newest("day", rangeStart(now, RECENT_DAYS))).length > 0) return now;
  const month = middle(await newest("month", null));
  // Where no month is stored, the days are few.
  const days = await newest("day", month === null ? null : rangeStart(Math.min(month, now), 62));
  return Math.min(now, middle(days) ?? now);
}

/** Days that a first look goes back. */
export const RECENT_DAYS = 14;

/** Where a range of days before an instant begins; cut to hours, longer than a week to days of the city, so that the same question is
    asked only once and one who moves through a day reads its values once. */
export function rangeStart(end: number, days: number): number {
  if (days <= 7) return Math.ceil(end / HOUR_MS) * HOUR_MS - days * DAY_MS;
  const day = localText(end - days * DAY_MS, locale.zone).slice(0, 10);
  return parseLocal(day, locale.zone) ?? end - days * DAY_MS;
}
