// Values of many indicators by one question: a page of thirty indicators is read in one turn, not in thirty.

import { ask, at, quoted } from "./questions";
import type { Cell, Value } from "./types";

interface Wanted { id: string; grain: string; from: number | null }

const COLUMNS = ["indicator", "place", "grain", "period_start", "period_end", "value", "unit", "lower", "upper", "coverage", "reason", "status", "simulated", "computed_at"] as const;
/** What anybody may see of a value, and what only its passport has. */
const HIDDEN = { numerator: null, denominator: null, row_count: null, definition_hash: "", schema_hash: "", inputs: null, value_digest: "" };

/** Values by indicator, in order of time. Fails when there are more rows than one answer holds. */
export async function readMany(wanted: readonly Wanted[], asOf: number | null): Promise<Map<string, Value[]>> {
  const groups = new Map<string, Wanted[]>();
  for (const w of wanted) {
    const key = `${w.grain} ${w.from}`;
    groups.set(key, [...(groups.get(key) ?? []), w]);
  }
  const either = [...groups.values()].map((list) => {
    const { grain, from } = list[0] as Wanted;
    const ids = list.map((w) => quoted(w.id)).join(", ");
    return `(grain = ${quoted(grain)} AND indicator IN (${ids})${from === null ? "" : ` AND period_start >= ${at(from)}`})`;
  });
  const rows = await ask(`SELECT ${COLUMNS.join(", ")} FROM indicator_values WHERE ${either.join(" OR ")} ORDER BY indicator, place, period_start`, asOf);
  const found = new Map<string, Value[]>(wanted.map((w) => [w.id, []]));
  for (const row of rows) found.get(String(row.indicator as Cell))?.push({ ...HIDDEN, ...row } as unknown as Value);
  return found;
}
