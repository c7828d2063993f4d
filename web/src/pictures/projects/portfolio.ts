// The projects as they stand: late against the first plan, dear against what was earned, blocked.

import { type Earned, earnedValue } from "../../lib/earned";
import { DAY_MS } from "../../lib/time";
import { type Answers, nameOf, num, str } from "../read.svelte";

export type Asked = "projects" | "promises" | "reports" | "baselines" | "blocks";

export interface Project {
  id: string;
  name: string;
  budget: number;
  start: number;
  planned: number;
  /** The newest promise; the plan where nothing was promised. */
  promised: number;
  lateDays: number;
  /** Earned share of the budget. */
  done: number;
  earned: Earned | null;
  /** Why it stands still now; null when it does not. */
  block: string | null;
  isLate: boolean;
  isOver: boolean;
  trouble: number;
}

/** A cost index below this is over cost. */
export const DEAR = 0.9;
/** So many days after the plan are late. */
export const LATE_DAYS = 30;

export function portfolio({ rows }: Answers<Asked>): Project[] {
  const newest = (list: Record<string, unknown>[], id: string, by: string) => list.filter((r) => r.project_id === id).sort((a, b) => Number(a[by]) - Number(b[by])).at(-1);
  return rows.projects.map((row): Project => {
    const id = str(row.project_id);
    const planned = Date.parse(str(row.planned_finish_on));
    const promise = newest(rows.promises, id, "promise");
    const promised = promise ? Date.parse(str(promise.finish_on as string)) : planned;
    const report = newest(rows.reports, id, "period") as Record<string, string> | undefined;
    const pv = rows.baselines.filter((r) => r.project_id === id).sort((a, b) => num(a.period) - num(b.period)).map((r) => num(r.planned_kzt));
    const earned = report && pv.length > 0 ? earnedValue(pv, { period: num(report.period), earned: num(report.earned_kzt), spent: num(report.spent_kzt) }) : null;
    const last = rows.blocks.filter((r) => r.project_id === id).sort((a, b) => Date.parse(str(a.t)) - Date.parse(str(b.t))).at(-1);
    const block = last?.status === "blocked" ? str(last.reason) : null;
    const lateDays = Math.round((promised - planned) / DAY_MS);
    const [isLate, isOver] = [lateDays > LATE_DAYS, earned?.cpi !== null && earned !== null && earned.cpi < DEAR];
    return {
      id, name: nameOf(row), budget: num(row.budget_kzt), start: Date.parse(str(row.start_on)), planned, promised, lateDays, earned, block, isLate, isOver,
      done: num(row.budget_kzt) > 0 ? Math.min(1, num(report?.earned_kzt) / num(row.budget_kzt)) : 0,
      trouble: (block ? 4 : 0) + (isLate ? 2 + Math.min(0.9, lateDays / 1000) : 0) + (isOver ? 1 + (1 - (earned?.cpi ?? 1)) : 0),
    };
  }).sort((a, b) => b.trouble - a.trouble || a.promised - b.promised);
}
