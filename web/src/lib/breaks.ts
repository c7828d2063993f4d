// Where classes of a number begin, so that each holds about as many things, at numbers that can be read.

/** Bounds between classes from quantiles in ascending order: rounded, each larger than the one before, none that leaves a class empty. */
export function breaksOf(quantiles: readonly number[], low: number, high: number): number[] {
  const span = high - low;
  if (!(span > 0)) return [];
  const step = 10 ** (Math.floor(Math.log10(span)) - 1);
  // Division by the inverse keeps tenths what they are written as.
  const rounded = (n: number): number => (step < 1 ? Math.round(n / step) / Math.round(1 / step) : Math.round(n / step) * step);
  const rising = (list: readonly number[]): number[] => list.map(rounded).filter((n, i, all) => n > low && n <= high && n > Math.max(-Infinity, ...all.slice(0, i)));
  const out = rising(quantiles);
  // Where most are the same number, classes of equal width tell the others apart.
  return out.length > 1 ? out : rising(quantiles.map((_, i) => low + (span * (i + 1)) / (quantiles.length + 1)));
}

/** `n` of a scale, spread evenly, always with its last. */
export function spread<T>(scale: readonly T[], n: number): T[] {
  if (n >= scale.length) return [...scale];
  if (n <= 1) return scale.slice(-1);
  return Array.from({ length: n }, (_, i) => scale[Math.round((i * (scale.length - 1)) / (n - 1))] as T);
}
