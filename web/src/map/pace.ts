// With a graphics card a frame of the map takes some milliseconds; without one, 50 to 100 of the main thread, which reads the picture
// back. Where its frames are dear, the map takes a quarter of the time at most. One who moves it gets every frame.

import type { Map as LibreMap } from "maplibre-gl";

/** A frame that takes longer is dear: the same bound from which vehicles move in steps. */
const DEAR_MS = 40;
/** Pause after a dear frame, in times of what it took, and at most. */
const PAUSE = 3;
const LONGEST_MS = 500;
/** For so long after a touch the map is in somebody's hand. */
const IN_HAND_MS = 1000;

export function pace(map: LibreMap): void {
  const paint = map.triggerRepaint.bind(map);
  let [took, next, touched, waiting] = [0, -Infinity, -Infinity, 0];
  /** A frame is asked for and not over; another one was asked for meanwhile. */
  let [isDrawing, isWanted] = [false, false];
  const touch = (event: Event): void => {
    if (event.type !== "pointermove" || (event as PointerEvent).buttons > 0) touched = performance.now();
  };
  for (const name of ["pointerdown", "pointermove", "wheel", "keydown"]) map.getCanvasContainer().addEventListener(name, touch, { capture: true, passive: true });
  const draw = (): void => {
    isDrawing = true;
    // Comes before the map's own, and the time out after the picture was handed over.
    requestAnimationFrame(() => {
      const began = performance.now();
      setTimeout(() => {
        const now = performance.now();
        // Other things of the page may have come between.
        took = (took + Math.min(now - began, LONGEST_MS / PAUSE)) / 2;
        next = now + (took > DEAR_MS ? PAUSE * took : 0);
        isDrawing = false;
        if (isWanted) map.triggerRepaint();
      });
    });
    paint();
  };
  map.on("remove", () => {
    clearTimeout(waiting);
    isWanted = false;
  });
  map.triggerRepaint = () => {
    const now = performance.now();
    if (map.isMoving() || now < touched + IN_HAND_MS) return paint();
    if (isDrawing) {
      isWanted = true;
      return;
    }
    if (waiting) return;
    isWanted = false;
    if (now >= next) return draw();
    waiting = window.setTimeout(() => {
      waiting = 0;
      map.triggerRepaint();
    }, next - now);
  };
}
