// Values of many indicators by one question for each length of period: a page of thirty is read in a turn or two, not in thirty.

import { query, request } from "./client";
import type { Value } from "./types";

interface Wanted { id: string; grain: string; from: number | null }
interface Told { indicator: string; values: Value[] }

/** What only the passport of a value has. */
const HIDDEN = { numerator: null, denominator: null, row_count: null, definition_hash: "", schema_hash: "", inputs: null, value_digest: "" };

/** Values by indicator, in order of place and time. */
export async function readMany(wanted: readonly Wanted[], asOf: number | null): Promise<Map<string, Value[]>> {
  const groups = new Map<string, Wanted[]>();
  for (const w of wanted) {
    const key = `${w.grain} ${w.from}`;
    groups.set(key, [...(groups.get(key) ?? []), w]);
  }
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  const answers = await Promise.all([...groups.values()].map((list) => {
    const { grain, from } = list[0] as Wanted;
    return request<Told[]>(`/api/values${query({ indicators: list.map((w) => w.id).join(","), grain, from: iso(from), as_of: iso(asOf) })}`);
  }));
  return new Map(answers.flat().map(({ indicator, values }) => [indicator, values.map((value) => ({ ...HIDDEN, ...value, indicator }))]));
}
