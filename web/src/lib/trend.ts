// Geometry of a small trend: gaps as gaps, a band where bounds are known.

import type { Targets, Value } from "../api/types";

export interface Scale { x: (ms: number) => number; y: (value: number) => number; low: number; high: number }

const start = (v: Value): number => Date.parse(v.period_start);

/** The least and the largest number that a trend of values must show. */
export function extent(values: readonly Value[], targets: Targets | null): [number, number] | null {
  let [low, high] = [Infinity, -Infinity];
  const take = (n: number | null): void => {
    if (n === null) return;
    low = Math.min(low, n);
    high = Math.max(high, n);
  };
  for (const v of values) {
    take(v.value);
    take(v.lower);
    take(v.upper);
  }
  if (low === Infinity) return null;
  // A target far away would flatten the line; then it is said in words only.
  if (targets && Math.abs(targets.target - (targets.target < low ? low : high)) <= 2 * (high - low || Math.abs(high) || 1)) take(targets.target);
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  return [low - room, high + room];
}

export function scaleOf(values: readonly Value[], [low, high]: readonly [number, number], width: number, height: number): Scale {
  const [from, to] = [values[0], values.at(-1)].map((v) => (v ? start(v) : 0)) as [number, number];
  return {
    x: (ms) => (to === from ? width / 2 : 3 + ((ms - from) / (to - from)) * (width - 6)),
    y: (value) => height - ((value - low) / (high - low || 1)) * height,
    low,
    high,
  };
}

/** Runs of neighbouring periods that have values. */
export function runs(values: readonly Value[]): Value[][] {
  const out: Value[][] = [];
  let last: Value | null = null;
  for (const value of values) {
    const broken = last !== null && start(value) - Date.parse(last.period_end) > 0.6 * (Date.parse(last.period_end) - start(last));
    if (value.value !== null) {
      if (!last || last.value === null || broken) out.push([]);
      out.at(-1)?.push(value);
    }
    last = value;
  }
  return out;
}

const path = (points: readonly (readonly [number, number])[]): string => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

export const linePath = (run: readonly Value[], { x, y }: Scale): string =>
  run.length === 1 ? `M${x(start(run[0] as Value)).toFixed(1)} ${y(run[0]?.value ?? 0).toFixed(1)}h0.01` : path(run.map((v) => [x(start(v)), y(v.value ?? 0)]));

export function bandPath(run: readonly Value[], { x, y }: Scale): string | null {
  const band = run.filter((v) => v.lower !== null && v.upper !== null);
  if (band.length < 2) return null;
  const upper = band.map((v): [number, number] => [x(start(v)), y(v.upper ?? 0)]);
  const lower = band.map((v): [number, number] => [x(start(v)), y(v.lower ?? 0)]).reverse();
  return `${path([...upper, ...lower])}Z`;
}
