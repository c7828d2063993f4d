// Where a trend's axis is marked: at starts of its own periods, never inside of one. Instants are in the city's clock, as if in UTC.

/** Marks that fit beside each other. */
const MOST = 8;
const STEPS_OF_MONTHS = [1, 2, 3, 6, 12] as const;

const monthOf = (ms: number): number => new Date(ms).getUTCFullYear() * 12 + new Date(ms).getUTCMonth();

/** Every nth of them; the newest is one, for it is what the page is about. */
function every(starts: readonly number[], step: number): number[] {
  return starts.filter((_, i) => (starts.length - 1 - i) % step === 0);
}

/** Those that begin a month, thinned to whole quarters, halves and years. */
function months(starts: readonly number[]): number[] {
  const first = starts.filter((ms) => new Date(ms).getUTCDate() === 1);
  const span = monthOf(first.at(-1) ?? 0) - monthOf(first[0] ?? 0) + 1;
  const step = STEPS_OF_MONTHS.find((n) => span / n <= MOST) ?? 12 * Math.ceil(span / (12 * MOST));
  return first.filter((ms) => monthOf(ms) % step === 0);
}

/** The starts of periods that get a mark; null where hours are shown and the axis chooses by itself. */
export function ticksOf(grain: string, starts: readonly number[]): number[] | null {
  if (grain === "hour" || grain === "minute15") return null;
  if (grain === "month" || grain === "quarter" || (grain === "day" && starts.length > 62)) {
    const found = months(starts);
    if (found.length > 1) return found;
  }
  return every(starts, Math.max(1, Math.ceil(starts.length / MOST)));
}
