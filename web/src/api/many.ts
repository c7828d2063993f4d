// Values of many indicators by one question for each length of period: a page of thirty is read in a turn or two, not in thirty.

import { steadied } from "../lib/values";
import { query, request } from "./client";
import type { Value } from "./types";

interface Wanted { id: string; grain: string; from: number | null }
interface Told { indicator: string; values: Value[] }

/** What only the passport of a value has. */
const HIDDEN = { numerator: null, denominator: null, row_count: null, definition_hash: "", schema_hash: "", inputs: null, value_digest: "" };

/** What was read last of each indicator and length of period. */
const last = new Map<string, readonly Value[]>();

/** Values of each, in order of place and time. The same indicator may be wanted by more than one length of period. */
export async function readMany(wanted: readonly Wanted[], asOf: number | null): Promise<(w: Wanted) => readonly Value[]> {
  const keyOf = ({ grain, from }: Wanted): string => `${grain} ${from}`;
  const groups = new Map<string, Wanted[]>();
  for (const w of wanted) groups.set(keyOf(w), [...(groups.get(keyOf(w)) ?? []), w]);
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const found = new Map<string, readonly Value[]>();
  await Promise.all([...groups].map(async ([key, list]) => {
    const { grain, from } = list[0] as Wanted;
    const told = await request<Told[]>(`/api/values${query({ indicators: list.map((w) => w.id).join(","), grain, from: iso(from), as_of: iso(asOf) })}`);
    for (const { indicator, values } of told) {
      const name = `${indicator} ${grain}`;
      const steady = steadied(last.get(name), values.map((value) => ({ ...HIDDEN, ...value, indicator })));
      last.set(name, steady);
      found.set(`${indicator} ${key}`, steady);
    }
  }));
  return (w) => found.get(`${w.id} ${keyOf(w)}`) ?? [];
}
