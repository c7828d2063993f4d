// What somebody does is answered first: while they press, type or turn a wheel, what moves by itself on the map holds still. Where
// there is no graphics card, a frame of the map takes longer than an answer may.

/** Milliseconds for which things hold still after an event. */
export const HOLD_MS = 600;

type Listens = Pick<EventTarget, "addEventListener">;

export class Calm {
  #until = -Infinity;

  /** `inMap` tells which events belong to a map: turning the wheel there moves it, and it must go along. */
  constructor(target: Listens, inMap: (event: Event) => boolean, private readonly now: () => number = () => performance.now()) {
    const hold = (): void => void (this.#until = this.now() + HOLD_MS);
    const options = { capture: true, passive: true };
    for (const name of ["pointerdown", "keydown", "input"]) target.addEventListener(name, hold, options);
    target.addEventListener("wheel", (event) => inMap(event) || hold(), options);
  }

  /** Milliseconds until things may move again; 0: now. */
  get left_ms(): number {
    return Math.max(0, this.#until - this.now());
  }
}

let own: Calm | null = null;

/** The one of this page. */
export const calm = (): Calm => (own ??= new Calm(window, ({ target }) => target instanceof Element && target.closest(".maplibregl-map") !== null));
