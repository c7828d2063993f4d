// The people of the city: counted years, and years carried forward by cohorts under three kinds of migration.

import { type People, type Rates, type Sex, step, total } from "../../lib/cohorts";
import { type Answers, num, str } from "../read.svelte";

export const WIDTH = 5;
/** Boys born for a girl, where nothing else is known. */
const BOYS_PER_GIRL = 1.05;
const STEPS = 8;
export const SCENARIOS = [["none", 0], ["now", 1], ["double", 2]] as const;
export type Scenario = (typeof SCENARIOS)[number][0];

export interface Year { year: number; people: People; total: number; counted: boolean }

const AGES = 18;
const empty = (): People => ({ male: Array.from({ length: AGES }, () => 0), female: Array.from({ length: AGES }, () => 0) });

function add(to: People, what: People): void {
  for (const sex of ["male", "female"] as const) what[sex].forEach((n, i) => (to[sex][i] = (to[sex][i] ?? 0) + n));
}

export type Asked = "pyramids" | "rates";

/** Counted years, the oldest first. */
export function counted({ rows }: Answers<Asked>): Year[] {
  const years = new Map<number, People>();
  for (const r of rows.pyramids) {
    const people = years.get(num(r.year)) ?? empty();
    years.set(num(r.year), people);
    const list = people[str(r.sex) as Sex];
    list[num(r.age) / WIDTH] = (list[num(r.age) / WIDTH] ?? 0) + num(r.residents);
  }
  return [...years].sort(([a], [b]) => a - b).map(([year, people]) => ({ year, people, total: total(people), counted: true }));
}

function ratesOf(found: Answers<Asked>, place: string, times: number): Rates {
  const own = found.rows.rates.filter((r) => r.place_id === place);
  const list = (kind: string, sex: Sex, scale = 1): number[] => {
    const out = Array.from({ length: AGES }, () => 0);
    for (const r of own) if (r.kind === kind && r.sex === sex && num(r.age) >= 0) out[num(r.age) / WIDTH] = num(r.value) * scale;
    return out;
  };
  const born = (sex: Sex): number => num(own.find((r) => r.kind === "survival" && r.sex === sex && num(r.age) < 0)?.value ?? 1);
  return {
    fertility: list("fertility", "female"),
    survival: { male: list("survival", "male"), female: list("survival", "female") },
    born: { male: born("male"), female: born("female") },
    migration: { male: list("migration", "male", times), female: list("migration", "female", times) },
  };
}

/** Years to come, district by district, added up. */
export function forecast(found: Answers<Asked>, scenario: Scenario): Year[] {
  const last = counted(found).at(-1);
  if (!last || found.rows.rates.length === 0) return [];
  const times = SCENARIOS.find(([id]) => id === scenario)?.[1] ?? 1;
  const out = Array.from({ length: STEPS }, (_, i) => ({ year: last.year + (i + 1) * WIDTH, people: empty() }));
  for (const place of new Set(found.rows.pyramids.map((r) => str(r.place_id)))) {
    const rates = ratesOf(found, place, times);
    let people = empty();
    for (const r of found.rows.pyramids) if (r.place_id === place && num(r.year) === last.year) people[str(r.sex) as Sex][num(r.age) / WIDTH] = num(r.residents);
    for (const year of out) {
      people = step(people, rates, WIDTH, BOYS_PER_GIRL);
      add(year.people, people);
    }
  }
  return out.map(({ year, people }) => ({ year, people, total: total(people), counted: false }));
}

/** The year in which a line crosses a number, between two of its years; null when it does not. */
export function crossing(years: readonly Year[], wanted: number): number | null {
  for (let i = 1; i < years.length; i += 1) {
    const [a, b] = [years[i - 1] as Year, years[i] as Year];
    if (a.total < wanted && b.total >= wanted) return Math.ceil(a.year + ((wanted - a.total) / (b.total - a.total)) * (b.year - a.year));
  }
  return null;
}
