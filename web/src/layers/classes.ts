// Classes of a number on the map: colours from blue over grey to orange, which hold for the colour-blind.

import { quantity, rounded, t } from "../ui/say.svelte";

export const GOOD_TO_BAD = ["#1f5791", "#6f98c4", "#a9b1b7", "#d98a3d", "#a8450f"] as const;

export interface Class { from: number; color: string; title: () => string }

/** Classes between bounds, named by them in a unit. */
export function classesOf(bounds: readonly number[], colors: readonly string[], unit: string | null): Class[] {
  const say = (n: number): string => quantity(n, unit);
  return colors.map((color, i) => {
    const [low, high] = [bounds[i - 1], bounds[i]];
    return {
      from: low ?? -Infinity, color,
      title: () => (low === undefined ? t("key_below", { n: say(high ?? 0) }) : high === undefined ? t("key_above", { n: say(low) }) : t("key_between", { a: rounded(low, unit), b: say(high) })),
    };
  });
}
