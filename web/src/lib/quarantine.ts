// What of a list of groups is offered as a choice, and what is still there under the others.

export interface Group { feed: string; dataset: string; code: string; rows: number }
export type Part = "feed" | "dataset" | "code";
export type Filter = Record<Part, string>;
export interface Choice { name: string; rows: number }

const PARTS: readonly Part[] = ["feed", "dataset", "code"];
const fits = (group: Group, filter: Filter, except: Part | null): boolean =>
  PARTS.every((part) => part === except || filter[part] === "" || group[part] === filter[part]);

/** The names of one part with their rows, under what the other parts say; what is chosen stays to be seen. */
export function choices(groups: readonly Group[], filter: Filter, part: Part): Choice[] {
  const found = new Map<string, number>();
  for (const group of groups) if (group[part] !== "" && fits(group, filter, part)) found.set(group[part], (found.get(group[part]) ?? 0) + group.rows);
  const chosen = filter[part];
  if (chosen !== "" && !found.has(chosen)) found.set(chosen, 0);
  return [...found].map(([name, rows]) => ({ name, rows })).sort((a, b) => b.rows - a.rows || (a.name < b.name ? -1 : 1));
}

/** Open rows under a filter. */
export const openUnder = (groups: readonly Group[], filter: Filter): number =>
  groups.filter((group) => fits(group, filter, null)).reduce((n, group) => n + group.rows, 0);

/** A record may be sent when it says something. */
export const isWorthSending = (written: string): boolean => written.trim() !== "";
