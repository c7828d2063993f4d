// People by sex and age carried forward by cohorts, a step at a time: half of those who move come before, half after. The rule of
// `population.project`: N'(x+w) = (N_x + M_x/2)·S_x + M_(x+w)/2, the open group adds its own survivors, births = w·Σ f·(N + N')/2.

export type Sex = "male" | "female";
export const SEXES: readonly Sex[] = ["male", "female"];

/** Counts by sex; the index is the age group, the last one is open. */
export type People = Record<Sex, number[]>;

export interface Rates {
  /** Births per woman and year, by age group. */
  fertility: readonly number[];
  /** Who lives on into the next group; the last stays in the open group. */
  survival: Record<Sex, readonly number[]>;
  /** From birth into the first group. */
  born: Record<Sex, number>;
  /** Net arrivals in one step. */
  migration: Record<Sex, readonly number[]>;
}

export function step(now: People, rates: Rates, width: number, boysPerGirl: number): People {
  const next: People = { male: [], female: [] };
  const last = now.female.length - 1;
  for (const sex of SEXES) {
    const [n, s, m] = [now[sex], rates.survival[sex], rates.migration[sex]];
    const moved = (x: number): number => (m[x] ?? 0) / 2;
    for (let x = 0; x < last; x += 1) next[sex][x + 1] = ((n[x] ?? 0) + moved(x)) * (s[x] ?? 0) + moved(x + 1);
    next[sex][last] = (next[sex][last] ?? 0) + ((n[last] ?? 0) + moved(last)) * (s[last] ?? 0);
  }
  let births = 0;
  rates.fertility.forEach((f, x) => (births += f * ((now.female[x] ?? 0) + (next.female[x] ?? 0)) / 2));
  births *= width;
  const boys = boysPerGirl / (1 + boysPerGirl);
  next.male[0] = births * boys * rates.born.male + (rates.migration.male[0] ?? 0) / 2;
  next.female[0] = births * (1 - boys) * rates.born.female + (rates.migration.female[0] ?? 0) / 2;
  return next;
}

export const total = (people: People): number => SEXES.reduce((sum, sex) => sum + people[sex].reduce((a, b) => a + b, 0), 0);
