// Questions in SQL that pages ask by themselves. They are asked as anybody may ask them, so that a page shows the same to
// everyone and nobody's name stands in the audit for opening it; where the public may not, the signed-in person asks.
// The centre answers few questions at once: the rest wait here in line.

import { ApiError, question } from "./client";
import type { Cell, SqlResult } from "./types";

const AT_ONCE = 2;
const TRIES = 4;
const MOST_ROWS = 10_000;

let running = 0;
const line: (() => void)[] = [];

async function turn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((go) => line.push(go));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    line.shift()?.();
  }
}

const wait = (seconds: number): Promise<void> => new Promise((done) => setTimeout(done, seconds * 1000));

async function patiently(sql: string, asOf: string | null, who: "anybody" | "me"): Promise<SqlResult> {
  for (let left = TRIES; ; left -= 1) {
    try {
      return await question({ sql, limit: MOST_ROWS, ...(asOf ? { as_of: asOf } : {}) }, who);
    } catch (error) {
      const busy = error instanceof ApiError && (error.status === 503 || error.status === 429);
      if (!busy || left <= 1) throw error;
      await wait(Math.min(error.retryAfter ?? 1, 5));
    }
  }
}

/** Rows of an answer, each by the names of its columns. Part of an answer is none: sums over it would be wrong. */
function named(answer: SqlResult): Record<string, Cell>[] {
  if (answer.truncated) throw new Error("the answer has more rows than are given at once");
  return answer.rows.map((row) => Object.fromEntries(answer.columns.map((c, i) => [c.name, row[i] ?? null])));
}

/** Asks; `asOf` is the knowledge of that instant, milliseconds. */
export function ask(sql: string, asOf: number | null = null): Promise<Record<string, Cell>[]> {
  const known = asOf === null ? null : new Date(asOf).toISOString();
  return turn(async () => {
    try {
      return named(await patiently(sql, known, "anybody"));
    } catch (error) {
      // A table that one may not see is not found.
      const isHidden = error instanceof ApiError && (error.isForbidden || (error.status === 400 && /table .*not found/.test(error.message)));
      if (isHidden) return named(await patiently(sql, known, "me"));
      throw error;
    }
  });
}

/** A text as SQL writes it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** An instant as SQL writes it. */
export const at = (ms: number): string => `to_timestamp('${new Date(ms).toISOString()}')`;
