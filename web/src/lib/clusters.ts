// Cells that lie side by side as one place.

import { distance, type Point } from "./geo";

export interface ClusterCell { id: string; place: string; at: Point }
export interface Cluster<C extends ClusterCell> { cells: C[]; place: string; at: Point }

/** Groups of cells whose middles are at most so far apart, the largest first. The place is that of most of the cells. */
export function clustersOf<C extends ClusterCell>(cells: readonly C[], reach_m: number): Cluster<C>[] {
  const left = new Set(cells);
  const out: Cluster<C>[] = [];
  for (const first of cells) {
    if (!left.delete(first)) continue;
    const group = [first];
    for (let i = 0; i < group.length; i += 1) {
      const cell = group[i] as C;
      for (const other of [...left]) {
        if (distance(cell.at, other.at) > reach_m) continue;
        left.delete(other);
        group.push(other);
      }
    }
    const places = new Map<string, number>();
    for (const cell of group) places.set(cell.place, (places.get(cell.place) ?? 0) + 1);
    const place = [...places].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0] ?? "";
    const mean = (axis: 0 | 1): number => group.reduce((sum, cell) => sum + cell.at[axis], 0) / group.length;
    out.push({ cells: group, place, at: [mean(0), mean(1)] });
  }
  return out.sort((a, b) => b.cells.length - a.cells.length);
}
