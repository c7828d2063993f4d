// What the targets of a programme mean: is the city on its path? Plain functions; nothing is fetched or drawn here.

import type { Indicator, Programme, ProgrammeTarget, Value } from "../api/types";
import { CITY, ended } from "./values";

/** The targets of one indicator, by year. */
export interface Aim { indicator: string; targets: ProgrammeTarget[]; /** The indicator that compares with the path. */ judge: string | null }

export type Path = "on" | "off" | "early" | "unknown";

export interface Stand { path: Path; /** The value that says so. */ value: Value | null; /** The target it is held against; none where another indicator judges. */ target: ProgrammeTarget | null }

export function aimsOf(programme: Pick<Programme, "targets">): Aim[] {
  const aims = new Map<string, Aim>();
  for (const target of programme.targets) {
    const aim = aims.get(target.indicator) ?? { indicator: target.indicator, targets: [], judge: null };
    aim.targets.push(target);
    aim.judge ??= target.judged_by ?? null;
    aims.set(target.indicator, aim);
  }
  for (const aim of aims.values()) aim.targets.sort((a, b) => a.year - b.year);
  return [...aims.values()];
}

/** The calendar year in which a period ends; instants carry the offset of the city. */
export function yearOf(value: Pick<Value, "period_start">): number {
  return Number(value.period_start.slice(0, 4));
}

/** The newest value of the city that there is and whose period is over. */
export function newestOf(values: readonly Value[], now: number): Value | null {
  const over = values.filter((v) => v.place === CITY && v.value !== null && ended(v, now));
  return over.sort((a, b) => Date.parse(a.period_end) - Date.parse(b.period_end)).at(-1) ?? null;
}

const reached = (better: Indicator["better"], value: number, target: number): boolean => (better === "higher" ? value >= target : value <= target);

/**
 * How the city stands to an aim. Where another indicator compares with the path, its newest value says so: at its target or better is
 * on the path. Else the newest value of a year is held against the target of that year or the next one: a target that is not due yet and
 * not reached is `early`, and so are shares of a base year that nobody judges `unknown`.
 */
export function standOf(aim: Aim, own: Pick<Indicator, "better"> | undefined, judge: Pick<Indicator, "better" | "targets"> | undefined, values: readonly Value[], now: number): Stand {
  const value = newestOf(values, now);
  if (!value || value.value === null) return { path: "unknown", value: null, target: null };
  if (aim.judge) {
    const border = judge?.targets?.target;
    if (border === undefined) return { path: "unknown", value, target: null };
    return { path: reached(judge?.better ?? "lower", value.value, border) ? "on" : "off", value, target: null };
  }
  const year = yearOf(value);
  const target = aim.targets.find((t) => t.year >= year) ?? aim.targets.at(-1) ?? null;
  if (!own || !target || target.basis !== "value") return { path: "unknown", value, target };
  if (reached(own.better, value.value, target.target)) return { path: "on", value, target };
  return { path: target.year > year ? "early" : "off", value, target };
}

/** The verdict on a whole programme: the worst of its aims; none without an aim. */
export function verdictOf(stands: readonly Stand[]): Path {
  for (const path of ["off", "early", "unknown"] as const) if (stands.some((s) => s.path === path)) return path;
  return stands.length > 0 ? "on" : "unknown";
}

export interface Year { year: number; target: ProgrammeTarget | null; value: Value | null }

/** Years with a target or a value of the whole city, in order. */
export function yearsOf(aim: Aim, values: readonly Value[]): Year[] {
  const years = new Map<number, Year>();
  const at = (year: number): Year => {
    const found = years.get(year) ?? { year, target: null, value: null };
    years.set(year, found);
    return found;
  };
  for (const target of aim.targets) at(target.year).target = target;
  for (const value of values) if (value.place === CITY && value.grain === "year") at(yearOf(value)).value = value;
  return [...years.values()].sort((a, b) => a.year - b.year);
}

/** What is asked for to say how an aim stands, and its values by year. */
export function wantedOf(aim: Aim, indicators: readonly Pick<Indicator, "id" | "grains">[]): { id: string; grain: string }[] {
  const longest = (id: string, order: readonly string[]): { id: string; grain: string }[] => {
    const known = indicators.find((i) => i.id === id);
    const grain = order.find((g) => known?.grains.includes(g));
    return grain ? [{ id, grain }] : [];
  };
  return [...longest(aim.indicator, ["year"]), ...(aim.judge ? longest(aim.judge, ["month", "quarter", "year"]) : [])];
}
