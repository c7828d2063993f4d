// How long cases stay open: the estimate of Kaplan and Meier (1958), open cases counted until they are last seen.

export interface Stay { day: number; closed: number; open: number }
export interface Point { day: number; survival: number }

/** The share still open after each day, from counts of cases that were closed, or were last seen open, after whole days. */
export function closingCurve(stays: readonly Stay[]): Point[] {
  const order = [...stays].sort((a, b) => a.day - b.day);
  let atRisk = order.reduce((sum, s) => sum + s.closed + s.open, 0);
  let survival = 1;
  const out: Point[] = [];
  for (const { day, closed, open } of order) {
    if (closed > 0 && atRisk > 0) survival *= 1 - closed / atRisk;
    out.push({ day, survival });
    atRisk -= closed + open;
  }
  return out;
}

/** The first day when half are closed; null when that day has not come. */
export const medianDay = (curve: readonly Point[]): number | null => curve.find((p) => p.survival <= 0.5)?.day ?? null;
