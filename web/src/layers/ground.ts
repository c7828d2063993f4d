// What all maps of the page have in common.

import { baseTiles } from "../api/client";
import type { Options } from "../map/host";
import { display, prefersLessMotion, token } from "../ui/display.svelte";
import { locale, t } from "../ui/say.svelte";

/** The ground of a map, in the language and the theme of the page. */
export function ground(): Pick<Options, "base" | "colors" | "lang" | "label" | "dark" | "still"> {
  const dark = display.shown === "dark";
  return {
    base: baseTiles(), lang: locale.lang, label: t("map_label"), dark, still: prefersLessMotion(),
    colors: { ground: token("ground"), surface: token("surface"), line: dark ? "#2c363d" : "#dcdedb", edge: token("edge"), second: token("second"), ink: token("ink"), accent: token("accent"), water: dark ? "#16242e" : "#dfe8ee", park: dark ? "#16211c" : "#e6ebe2" },
  };
}
