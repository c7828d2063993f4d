// Whether what stands on the page is simulated: each view that shows data says so while it is there, and the bar sums it up.

import { SvelteMap } from "svelte/reactivity";
import { type Mix, mixOf } from "../lib/mix";

const shown = new SvelteMap<symbol, readonly boolean[]>();

/** Says of each thing a view shows whether it is simulated. Called while a component is made. */
export function tellSimulated(flags: () => readonly boolean[]): void {
  const key = Symbol();
  // As text: the same again is no change.
  const told = $derived([...new Set(flags())].sort().join());
  $effect(() => {
    shown.set(key, told === "" ? [] : told.split(",").map((flag) => flag === "true"));
    return () => void shown.delete(key);
  });
}

/** Of all that stands on the page; null on a page of which no view says it. A page that is still being read shows nothing simulated. */
export const mixOfPage = (): Mix | null => (shown.size === 0 ? null : (mixOf([...shown.values()].flat()) ?? "none"));
