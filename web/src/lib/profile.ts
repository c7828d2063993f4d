// The load of a route from stop to stop.

export interface StopLoad { seq: number; stop: string; boardings: number; alightings: number; load: number; trips: number; capacity: number }
/** A stretch between two stops: persons in one vehicle on the mean, and whether that is too many. */
export interface Stretch { from: number; to: number; aboard: number; share: number | null; isCrowded: boolean }

/** Above this share of its room a vehicle is crowded on the mean: single trips are fuller than their mean. */
export const CROWDED = 0.8;

/** Stretches after each stop but the last, in the order of the stops. */
export function stretchesOf(stops: readonly StopLoad[]): Stretch[] {
  const order = [...stops].sort((a, b) => a.seq - b.seq);
  return order.slice(0, -1).flatMap((stop, i): Stretch[] => {
    if (stop.trips <= 0) return [];
    const aboard = stop.load / stop.trips;
    const share = stop.capacity > 0 ? aboard / stop.capacity : null;
    return [{ from: i, to: i + 1, aboard, share, isCrowded: share !== null && share > CROWDED }];
  });
}

/** The fullest stretch; the first of equal ones. */
export const fullest = (list: readonly Stretch[]): Stretch | null => list.reduce<Stretch | null>((best, s) => (best === null || s.aboard > best.aboard ? s : best), null);
