// What a picture reads: questions at the moment and the knowledge of the address, to the hour unless it says otherwise, so that a
// page that lives does not ask again each second.

import { city } from "../api/city.svelte";
import { rows } from "../api/client";
import { ask } from "../api/questions";
import type { Cell } from "../api/types";
import { fieldsOf, HOUR_MS, parseLocal } from "../lib/time";
import { asOfOf } from "../ui/nav.svelte";
import { follow, type Resource } from "../ui/resource.svelte";
import { locale } from "../ui/say.svelte";
import { moment } from "../widgets/indicator/views.svelte";

export type Found = Record<string, Cell>;

export interface Moment {
  /** The hour that has begun, milliseconds. */
  now: number;
  year: number;
  yearStart: number;
}

export function momentNow(step_ms = HOUR_MS): Moment {
  const now = Math.floor(moment() / step_ms) * step_ms;
  const { year } = fieldsOf(now, locale.zone);
  return { now, year, yearStart: parseLocal(`${year}-01-01T00:00`, locale.zone) ?? now };
}

interface Wanted { moment: Moment; asOf: number | null; ready: boolean }

export interface Answers<N extends string> { rows: Record<N, Found[]>; moment: Moment; simulated: boolean }

/** Reads questions by name. `small` is a short table of theirs, whose newest row says whether the data are simulated; rows that say so themselves count too. */
export function answers<N extends string>(small: string, questions: (moment: Moment) => Record<N, string>, step_ms = HOUR_MS): Resource<Answers<N>> {
  return follow<Wanted, Answers<N>>(
    () => (city.catalog.value && city.anchor !== null ? { moment: momentNow(step_ms), asOf: asOfOf(), ready: true } : null),
    async ({ moment: at, asOf }) => {
      const wanted = Object.entries(questions(at)) as [N, string][];
      const [found, page] = await Promise.all([
        Promise.all(wanted.map(async ([name, sql]) => [name, await ask(sql, asOf)] as const)),
        rows(small, { limit: 1 }).catch(() => null),
      ]);
      return { rows: Object.fromEntries(found) as Record<N, Found[]>, moment: at, simulated: (page?.sources.some((s) => s.simulated) ?? false) || found.some(([, list]) => list.some((row) => row.simulated === true)) };
    },
    "keep",
  );
}

/** A cell as a number: decimals come as texts. */
export const num = (cell: Cell | undefined): number => (cell === null || cell === undefined ? 0 : Number(cell));
export const str = (cell: Cell | undefined): string => (cell === null || cell === undefined ? "" : String(cell));
/** The name of a row in the language of the page. */
export const nameOf = (row: Found): string => str(row[`name_${locale.lang}`]) || str(row.name_kk) || str(row.name_ru) || str(row.name_en);
