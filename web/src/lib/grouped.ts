// A long list as a reader looks through it: in groups, both in the order of the reader's language.

import { matches } from "./fold";

interface Named<T> { item: T; title: string }
export interface Group<T> { id: string; title: string; items: Named<T>[] }
interface Words<T> { group: (item: T) => string; groupTitle: (id: string) => string; title: (item: T) => string; compare: (a: string, b: string) => number; /** The group that stands before all others. */ first?: string }

/** Items by group; those that hold every typed word in their own title or their group's. */
export function grouped<T>(items: readonly T[], { group, groupTitle, title, compare, first }: Words<T>, typed = ""): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const id = group(item);
    const found = groups.get(id) ?? { id, title: groupTitle(id), items: [] };
    const named = { item, title: title(item) };
    if (matches(`${named.title} ${found.title}`, typed)) found.items.push(named);
    groups.set(id, found);
  }
  const list = [...groups.values()].filter((g) => g.items.length > 0);
  for (const { items: own } of list) own.sort((a, b) => compare(a.title, b.title));
  return list.sort((a, b) => Number(b.id === first) - Number(a.id === first) || compare(a.title, b.title));
}
