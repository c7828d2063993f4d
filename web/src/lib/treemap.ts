// Rectangles whose areas are numbers, as near to squares as they go (Bruls, Huizing and van Wijk, 2000).

export interface Rect { x: number; y: number; width: number; height: number }

/** The worst side ratio of a row of areas laid along a side. */
function worst(areas: readonly number[], side: number): number {
  const sum = areas.reduce((a, b) => a + b, 0);
  return Math.max(...areas.map((a) => Math.max((side * side * a) / (sum * sum), (sum * sum) / (side * side * a))));
}

/** Lays numbers, the largest first, into a rectangle; what is not above zero gets none. Answers in the order given. */
export function squarified(values: readonly number[], width: number, height: number): (Rect | null)[] {
  const total = values.reduce((sum, v) => sum + Math.max(0, v), 0);
  const out: (Rect | null)[] = values.map(() => null);
  if (total <= 0) return out;
  const order = values.map((v, i) => ({ i, area: (v / total) * width * height })).filter((v) => v.area > 0).sort((a, b) => b.area - a.area);
  let room: Rect = { x: 0, y: 0, width, height };
  for (let at = 0; at < order.length;) {
    const side = Math.min(room.width, room.height);
    let n = 1;
    const areas = (k: number): number[] => order.slice(at, at + k).map((v) => v.area);
    while (at + n < order.length && worst(areas(n + 1), side) <= worst(areas(n), side)) n += 1;
    const sum = areas(n).reduce((a, b) => a + b, 0);
    const deep = sum / side;
    const wide = room.width >= room.height;
    let from = wide ? room.y : room.x;
    for (const { i, area } of order.slice(at, at + n)) {
      const length = area / deep;
      out[i] = wide ? { x: room.x, y: from, width: deep, height: length } : { x: from, y: room.y, width: length, height: deep };
      from += length;
    }
    room = wide ? { ...room, x: room.x + deep, width: room.width - deep } : { ...room, y: room.y + deep, height: room.height - deep };
    at += n;
  }
  return out;
}
