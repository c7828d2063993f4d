// How programmes stand to their targets: the values that say so, read for all of them at once.

import { city, valuesOfMany } from "../../api/city.svelte";
import type { Programme, Value } from "../../api/types";
import { aimsOf, type Aim, type Stand, standOf, wantedOf } from "../../lib/programme";
import { asOfOf } from "../../ui/nav.svelte";
import { follow, type Resource } from "../../ui/resource.svelte";

/** Values by indicator. */
export type Known = Map<string, readonly Value[]>;

/** Reads the values by which programmes are judged. */
export function readStands(chosen: () => readonly Programme[]): Resource<Known> {
  return follow(
    () => {
      const indicators = city.catalog.value?.indicators;
      // Before the programmes are there, nothing can be said: an empty answer would be taken for one.
      if (!indicators || chosen().length === 0) return null;
      const wanted = chosen().flatMap(aimsOf).flatMap((aim) => wantedOf(aim, indicators));
      return { wanted, asOf: asOfOf(), version: city.version };
    },
    async ({ wanted, asOf }) => {
      const known: Known = new Map();
      const found = await valuesOfMany(wanted.map((w) => ({ ...w, from: null, asOf })));
      wanted.forEach((w, i) => {
        const answer = found[i];
        if (answer instanceof Error) throw answer;
        if (answer) known.set(w.id, answer.values);
      });
      return known;
    },
    "keep",
  );
}

/** How the city stands to an aim by what was read. */
export function standNow(aim: Aim, known: Known, now: number): Stand {
  const judge = aim.judge ? city.indicator(aim.judge) : undefined;
  return standOf(aim, city.indicator(aim.indicator), judge, known.get(aim.judge ?? aim.indicator) ?? [], now);
}
