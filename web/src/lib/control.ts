// Limits of a series by its moving ranges (XmR chart; Wheeler 1993): the mean ± 3 · mean moving range / 1.128.

export interface Limits { centre: number; lower: number; upper: number; n: number }

/** At least this many values; fewer say nothing of what is usual. */
export const LEAST = 8;

export function limitsOf(values: readonly (number | null)[]): Limits | null {
  const numbers = values.filter((v): v is number => v !== null);
  if (numbers.length < LEAST) return null;
  const centre = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  let range = 0;
  for (let i = 1; i < numbers.length; i += 1) range += Math.abs((numbers[i] as number) - (numbers[i - 1] as number));
  const reach = (3 * (range / (numbers.length - 1))) / 1.128;
  return reach > 0 ? { centre, lower: centre - reach, upper: centre + reach, n: numbers.length } : null;
}
