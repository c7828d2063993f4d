// The indicators of the city as they stand at the moment of the address: read once, shared by the pages that show many.

import { city, findAnchor, type Known, RECENT_DAYS, rangeStart, valuesOfMany, type Wanted } from "../../api/city.svelte";
import type { Indicator } from "../../api/types";
import { DAY_MS } from "../../lib/time";
import { CITY, grainFor, steadyViewOf, type View } from "../../lib/values";
import { mixOf, type Mix } from "../../lib/mix";
import { asOfOf, momentOf } from "../../ui/nav.svelte";
import { tellSimulated } from "../../ui/provenance.svelte";
import { follow, type Resource } from "../../ui/resource.svelte";

/** The moment pages are about: that of the address, or the city's present; where values end long ago, their end. */
export const moment = (): number => momentOf() ?? (city.isOld ? (city.anchor ?? city.moment) : city.moment);

/** Where ranges are counted back from: the moment, but not past the newest stored value. */
export const rangeEnd = (): number => Math.min(momentOf() ?? Infinity, city.anchor ?? city.now);

export async function readAnchor(): Promise<void> {
  const catalog = city.catalog.value;
  if (!catalog) return;
  // In a city that lives ranges end now: what the first page wants then is asked for before that is known.
  if (momentOf() === null) void valuesOfMany(wantedOf(catalog.indicators, "day", rangeStart(city.now, RECENT_DAYS), asOfOf()));
  city.anchor = await findAnchor(catalog.indicators);
}

interface Failed { indicator: Indicator; error: unknown }
export interface Read { answers: Map<string, Known>; failed: Failed[]; grain: string }

/** An indicator that has only longer periods needs a longer look back to have a trend. */
const PERIOD_DAYS: Record<string, number> = { week: 98, month: 400, quarter: 1200, year: 3700 };
const widened = (from: number, grain: string): number => from - (PERIOD_DAYS[grain] ?? 0) * DAY_MS;

/** What is asked of each indicator to show it from an instant on: by a grain, or by its own when it has only longer ones. */
const wantedOf = (list: readonly Indicator[], grain: string, from: number, asOf: number | null): Wanted[] =>
  list.map((i) => {
    const own = grainFor(i, grain);
    return { id: i.id, grain: own, from: own === grain ? from : widened(from, own), asOf };
  });

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
      const list = ids.map((id) => city.indicator(id)).filter((i): i is Indicator => i !== undefined);
      const found = await valuesOfMany(wantedOf(list, grain, from, asOf));
      list.forEach((indicator, i) => {
        const answer = found[i];
        if (answer instanceof Error) failed.push({ indicator, error: answer });
        else if (answer) answers.set(indicator.id, answer);
      });
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
    return known ? [steadyViewOf(indicator, grainFor(indicator, read.grain), city.freshened(indicator.id, known.values), now, place)] : [];
  });
}

/** Whether the numbers of views are simulated, each by itself. */
const simulatedOf = (views: readonly View[]): boolean[] => views.filter((v) => v.shown !== null && v.shown.value !== null).map((v) => v.simulated);

export const mixOfViews = (views: readonly View[]): Mix | null => mixOf(simulatedOf(views));

/** Tells the bar whether the views of a page are simulated. Called while the page is made. */
export const tellViews = (views: () => readonly View[]): void => tellSimulated(() => simulatedOf(views()));
