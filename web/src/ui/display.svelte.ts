// How the screen looks on this device: theme and low vision.

import { remember, remembered } from "./remember";

export type Theme = "auto" | "light" | "dark";

const dark = matchMedia("(prefers-color-scheme: dark)");

class Display {
  theme = $state<Theme>((remembered("qala-theme") as Theme | null) ?? "auto");
  low = $state(remembered("qala-low-vision") === "on");
  #systemDark = $state(dark.matches);
  /** The wall is a dark room, whatever the device prefers. */
  forced = $state<"dark" | null>(null);

  constructor() {
    dark.addEventListener("change", () => {
      this.#systemDark = dark.matches;
      this.apply();
    });
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
