// Districts coloured by the values of an indicator: by state where there is a target, else by quantity.

import type { Indicator, Value } from "../api/types";
import { type Ground, sequential, STATE_COLORS } from "../lib/colors";
import type { Geometry } from "../lib/geo";
import { stateOf } from "../lib/values";
import type { Area } from "../map/types";
import { rounded, shortPlace } from "../ui/say.svelte";

export interface Shown { indicator: Indicator; values: readonly Value[] }

export function areasOf(borders: ReadonlyMap<string, Geometry>, shown: Shown | null, ground: Ground, chosen: string | null): Area[] {
  const numbers = shown?.values.map((v) => v.value).filter((n): n is number => n !== null) ?? [];
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return [...borders].map(([id, geometry]): Area => {
    const base = { id, geometry, name: shortPlace(id), chosen: id === chosen };
    if (!shown) return { ...base, label: "", color: null, hatched: false };
    const value = shown.values.find((v) => v.place === id) ?? null;
    if (!value || value.value === null) return { ...base, label: value?.reason === "suppressed" ? "<5" : "", color: null, hatched: true };
    const state = stateOf(shown.indicator, value);
    const color = state === "off_target" || state === "watch" || state === "on_target" ? STATE_COLORS[ground][state] : sequential(value.value, low, high, ground);
    // Colour alone says nothing: the label carries the state's sign.
    const sign = state === "off_target" ? "◆ " : state === "watch" ? "▲ " : "";
    return { ...base, label: `${sign}${rounded(value.value, shown.indicator.unit)}`, color, hatched: false };
  });
}
