// Earned value of a project from its reports (PMI, ANSI/PMI 19-006-2019) and earned schedule (Lipke 2003).

export interface Report { period: number; earned: number; spent: number }
export interface Earned { cpi: number | null; earnedSchedule: number; spi_t: number | null }

/** How many periods of the plan were earned: `planned` is cumulative, its first entry is the end of period 1. */
export function earnedSchedule(planned: readonly number[], earned: number): number {
  let n = 0;
  while (n < planned.length && (planned[n] as number) <= earned) n += 1;
  if (n === planned.length) return n;
  const before = n === 0 ? 0 : (planned[n - 1] as number);
  const step = (planned[n] as number) - before;
  return n + (step > 0 ? (earned - before) / step : 0);
}

/** Indices at a report; an index is absent where nothing was spent or no time has passed. */
export function earnedValue(planned: readonly number[], { period, earned, spent }: Report): Earned {
  const es = earnedSchedule(planned, earned);
  return { cpi: spent > 0 ? earned / spent : null, earnedSchedule: es, spi_t: period > 0 ? es / period : null };
}
