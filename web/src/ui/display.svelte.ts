// How the screen looks on this device: theme, low vision, names in the rail.

import { remember, remembered } from "./remember";

export type Theme = "auto" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");
/** Where there is room for the names of pages without being asked for them. */
const roomy = matchMedia("(min-width: 1800px)");
/** The same bound as in the style sheets. */
const narrow = matchMedia("(max-width: 767px)");
/** For a moment, while a browser takes a picture of a whole page, its window has no size: no page is built anew for that. */
const NO_WIDTH = 100;

class Display {
  theme = $state<Theme>((remembered("qala-theme") as Theme | null) ?? "auto");
  low = $state(remembered("qala-low-vision") === "on");
  #systemDark = $state(dark.matches);
  #roomy = $state(roomy.matches);
  #narrow = $state(narrow.matches);
  #named = $state<string | null>(remembered("qala-rail"));
  /** The wall is a dark room, whatever the device prefers. */
  forced = $state<"dark" | null>(null);

  constructor() {
    dark.addEventListener("change", () => {
      this.#systemDark = dark.matches;
      this.apply();
    });
    roomy.addEventListener("change", () => (this.#roomy = roomy.matches));
    const look = (): void => void (innerWidth > NO_WIDTH && (this.#narrow = narrow.matches));
    narrow.addEventListener("change", look);
    addEventListener("resize", look);
  }

  /** A phone: one column, of which the first screen must be enough. */
  get isPhone(): boolean {
    return this.#narrow;
  }

  /** Whether the rail tells the names of pages: as chosen on this device, else where there is room. */
  get named(): boolean {
    return this.#named === null ? this.#roomy : this.#named === "names";
  }

  setNamed(named: boolean): void {
    this.#named = named === this.#roomy ? null : named ? "names" : "icons";
    remember("qala-rail", this.#named);
  }

  get shown(): "light" | "dark" {
    if (this.forced) return this.forced;
    if (this.theme !== "auto") return this.theme;
    return this.#systemDark ? "dark" : "light";
  }

  setTheme(theme: Theme): void {
    this.theme = theme;
    remember("qala-theme", theme === "auto" ? null : theme);
    this.apply();
  }

  setLow(low: boolean): void {
    this.low = low;
    remember("qala-low-vision", low ? "on" : null);
    this.apply();
  }

  apply(): void {
    document.documentElement.dataset.theme = this.shown;
    if (this.low) document.documentElement.dataset.low = "on";
    else delete document.documentElement.dataset.low;
  }
}

export const display = new Display();

export const prefersLessMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** The value of a colour token now. */
export const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A screen that sleeps draws no frames, and things must go on. */
const NO_FRAME_MS = 1000;

/** Comes once the next frame is on the screen; at once where nothing is drawn. */
export const afterPaint = (): Promise<void> => new Promise((done) => {
  if (document.visibilityState === "visible") requestAnimationFrame(() => setTimeout(done));
  setTimeout(done, document.visibilityState === "visible" ? NO_FRAME_MS : 0);
});
