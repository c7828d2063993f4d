// With a graphics card a frame of the map takes some milliseconds; without one, 50 to 100 of the main thread, which reads the picture
// back. The map takes no more than a quarter of the time. One who moves it gets every frame.

import type { Map as LibreMap } from "maplibre-gl";

/** Pause after a frame, in times of what it took. */
const PAUSE = 3;
/** For so long after a touch the map is in somebody's hand. */
const IN_HAND_MS = 1000;

export function pace(map: LibreMap): void {
  const paint = map.triggerRepaint.bind(map);
  let [took, ended, touched, waiting] = [0, -Infinity, -Infinity, 0];
  const touch = (event: Event): void => {
    if (event.type !== "pointermove" || (event as PointerEvent).buttons > 0) touched = performance.now();
  };
  for (const name of ["pointerdown", "pointermove", "wheel", "keydown"]) map.getCanvasContainer().addEventListener(name, touch, { capture: true, passive: true });
  map.on("render", () => {
    const began = performance.now();
    // After the picture is handed over.
    setTimeout(() => {
      ended = performance.now();
      took = (took + ended - began) / 2;
    });
  });
  map.on("remove", () => clearTimeout(waiting));
  map.triggerRepaint = () => {
    const now = performance.now();
    if (map.isMoving() || now < touched + IN_HAND_MS) return paint();
    if (waiting) return;
    const wait_ms = ended + PAUSE * took - now;
    if (wait_ms <= 0) return paint();
    waiting = window.setTimeout(() => {
      waiting = 0;
      map.triggerRepaint();
    }, wait_ms);
  };
}
