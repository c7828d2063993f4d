// What runs by itself, in the order in which somebody must look at it.

interface Runs { error: string | null; next: string | null }

/** What failed first, then what runs next soonest; what has no next time last. The rest stays in its order. */
export function byTrouble<T extends Runs>(list: readonly T[]): T[] {
  const at = (one: T): number => (one.next === null ? Infinity : Date.parse(one.next));
  return [...list].sort((a, b) => Number(b.error !== null) - Number(a.error !== null) || (at(a) === at(b) ? 0 : at(a) - at(b)));
}
