// The indicators of the city as they stand at the moment of the address: read once, shared by the pages that show many.

import { city, findAnchor, type Known, RECENT_DAYS, rangeStart, valuesOf } from "../../api/city.svelte";
import type { Indicator } from "../../api/types";
import { CITY, grainFor, viewOf, type View } from "../../lib/values";
import { asOfOf, momentOf } from "../../ui/nav.svelte";
import { follow, type Resource } from "../../ui/resource.svelte";

/** The moment pages are about: that of the address, or the city's present; where values end long ago, their end. */
export const moment = (): number => momentOf() ?? (city.isOld ? (city.anchor ?? city.now) : city.now);

/** Where ranges are counted back from: the moment, but not past the newest stored value. */
export const rangeEnd = (): number => Math.min(momentOf() ?? Infinity, city.anchor ?? city.now);

export async function readAnchor(): Promise<void> {
  const catalog = city.catalog.value;
  if (catalog) city.anchor = await findAnchor(catalog.indicators);
}

interface Failed { indicator: Indicator; error: unknown }
export interface Read { answers: Map<string, Known>; failed: Failed[]; grain: string }

/** Values of indicators over the last days before the moment. */
export function readMany(chosen: () => readonly Indicator[], wanted: () => string = () => "day", days: () => number = () => RECENT_DAYS): Resource<Read> {
  return follow(
    () => {
      const list = chosen();
      if (list.length === 0 || city.anchor === null) return null;
      return { ids: list.map((i) => i.id), grain: wanted(), from: rangeStart(rangeEnd(), days()), asOf: asOfOf(), version: city.version };
    },
    async ({ ids, grain, from, asOf }) => {
      const answers = new Map<string, Known>();
      const failed: Failed[] = [];
      await Promise.all(ids.map(async (id) => {
        const indicator = city.indicator(id);
        if (!indicator) return;
        try {
          answers.set(id, await valuesOf({ id, grain: grainFor(indicator, grain), from, asOf }));
        } catch (error) {
          failed.push({ indicator, error });
        }
      }));
      if (answers.size === 0 && failed[0]) throw failed[0].error;
      return { answers, failed, grain };
    },
    "keep",
  );
}

export function viewsOf(read: Read | null, list: readonly Indicator[], now: number, place = CITY): View[] {
  if (!read) return [];
  return list.flatMap((indicator) => {
    const known = read.answers.get(indicator.id);
    return known ? [viewOf(indicator, grainFor(indicator, read.grain), city.freshened(indicator.id, known.values), now, place)] : [];
  });
}
