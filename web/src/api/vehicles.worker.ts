// Reads the stream of vehicles beside the page: a message of ten thousand positions takes longer to parse than a frame lasts.
// What goes to the page is packed: numbers only, and the names of vehicles that are new.

import type { VehicleEvent } from "./types";

/** Vehicles that moved: `at` says which, in the order in which their names came; `xy` where, in Mercator units of 0 to 1. */
export interface Packed { t: string | null; at: Uint32Array<ArrayBuffer>; xy: Float64Array<ArrayBuffer>; ids: string[] }

const known = new Map<string, number>();
const DEGREES = 180 / Math.PI;
const say = (packed: Packed, transfer: Transferable[]): void => (self as unknown as Worker).postMessage(packed, transfer);
const source = new EventSource("/api/events?topics=vehicles");
source.addEventListener("vehicles", (event) => {
  let read: VehicleEvent;
  try {
    read = JSON.parse((event as MessageEvent<string>).data) as VehicleEvent;
  } catch {
    // A line that cannot be read is left; the next one comes.
    return;
  }
  const at = new Uint32Array(read.items.length);
  const xy = new Float64Array(read.items.length * 2);
  const ids: string[] = [];
  read.items.forEach(({ id, lon, lat }, i) => {
    let index = known.get(id);
    if (index === undefined) {
      index = known.size;
      known.set(id, index);
      ids.push(id);
    }
    at[i] = index;
    xy[i * 2] = (180 + lon) / 360;
    xy[i * 2 + 1] = (180 - DEGREES * Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360))) / 360;
  });
  say({ t: read.t, at, xy, ids }, [at.buffer, xy.buffer]);
});
