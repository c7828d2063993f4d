// Points of the server's layers coloured and sized by one of their numbers. Tiles carry the columns that anybody may see; where the
// classes begin is asked for once.

import { city } from "../api/city.svelte";
import { ask } from "../api/questions";
import type { Text } from "../api/types";
import { breaksOf, spread } from "../lib/breaks";
import { steps } from "../lib/colors";
import type { MapLayer, TileLayer } from "../map/types";
import { display } from "../ui/display.svelte";
import { param, set } from "../ui/nav.svelte";
import { unitWord, words } from "../ui/say.svelte";
import { classesOf } from "./classes";

export interface Measure { column: string; title: Text; unit: string | null }

const RADII = [4, 5, 6, 7, 8.5];
/** What has no value, or stands for several points. */
const PLAIN = { light: "#7d868d", dark: "#6d7a83" } as const;
const NONE = "none";
/** How often classes are asked for, and when again after an answer failed. */
const TRIES = 10;
const AGAIN_MS = 5000;

/** Numbers of a layer of points: those with a unit; where none has one, those that are not whole, else all. A direction is no quantity. */
export function measuresOf(layer: MapLayer): Measure[] {
  if (layer.kind !== "tiles" || layer.layer.kind !== "points") return [];
  const types = new Map(city.dataset(layer.layer.dataset)?.columns.map((c) => [c.name, c.type]));
  const numbers = layer.layer.properties.filter(({ name, unit }) => ["int", "float"].includes(types.get(name) ?? "") && unit !== "deg");
  const [measured, broken] = [numbers.filter((p) => p.unit), numbers.filter((p) => types.get(p.name) === "float")];
  return ([measured, broken, numbers].find((list) => list.length > 0) ?? []).map(({ name, title, unit }) => ({ column: name, title, unit: unit ?? null }));
}

export const measureTitle = ({ title, unit }: Measure): string => [words(title), unitWord(unit)].filter(Boolean).join(", ");

/** The measures that the address names: `measure=layer:column`. */
const named = (): Map<string, string> => new Map((param("measure") ?? "").split(",").map((pair) => pair.split(":") as [string, string]).filter((pair) => pair.length === 2));

/** By what a layer is coloured: as chosen; else by its only number. */
export function measureOf(layer: MapLayer): Measure | null {
  const all = measuresOf(layer);
  const wanted = named().get(layer.id);
  return wanted === undefined ? (all.length === 1 ? (all[0] ?? null) : null) : (all.find((m) => m.column === wanted) ?? null);
}

export function choose(layer: MapLayer, column: string | null): void {
  const next = named().set(layer.id, column ?? NONE);
  set({ measure: [...next].map((pair) => pair.join(":")).join(",") });
}

export class Measures {
  #breaks = $state.raw<Record<string, readonly number[]>>({});
  #asked = new Set<string>();
  #failed = new Map<string, number>();

  /** Asks where the classes of these layers begin; a layer of which nobody says it stays as it is. */
  read(layers: readonly MapLayer[]): void {
    for (const layer of layers) {
      const measure = measureOf(layer);
      const key = `${layer.id}:${measure?.column}`;
      if (layer.kind !== "tiles" || !measure || this.#asked.has(key)) continue;
      this.#asked.add(key);
      breaks(layer, measure).then((found) => (this.#breaks = { ...this.#breaks, [key]: found }), () => this.#again(key, layer));
    }
  }

  /** A busy centre may answer a little later. */
  #again(key: string, layer: MapLayer): void {
    const failed = (this.#failed.get(key) ?? 0) + 1;
    this.#failed.set(key, failed);
    if (failed >= TRIES) return;
    setTimeout(() => {
      this.#asked.delete(key);
      this.read([layer]);
    }, AGAIN_MS);
  }

  /** A layer as it is drawn by its measure. */
  styled(layer: MapLayer): MapLayer {
    const measure = measureOf(layer);
    const bounds = measure && this.#breaks[`${layer.id}:${measure.column}`];
    if (layer.kind !== "tiles" || !measure || !bounds) return layer;
    const ground = display.shown;
    const n = bounds.length + 1;
    const colors = spread(steps(ground).slice(1), n);
    const radii = spread(RADII, n);
    const classes = bounds.length > 0 ? classesOf(bounds, colors, measure.unit).map((c, i) => ({ ...c, radius: radii[i] })) : [{ from: -Infinity, color: colors[0] as string, title: () => measureTitle(measure) }];
    return { ...layer, look: { ...layer.look, color: PLAIN.light, dark: PLAIN.dark, by: { property: measure.column, title: () => measureTitle(measure), classes } } };
  }
}

async function breaks({ layer }: TileLayer, { column }: Measure): Promise<number[]> {
  const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
  const shares = [0.2, 0.4, 0.6, 0.8];
  const each = shares.map((share, i) => `approx_percentile_cont(${share}) WITHIN GROUP (ORDER BY n) AS q${i}`).join(", ");
  const [row] = await ask(`SELECT min(n) AS low, max(n) AS high, ${each} FROM (SELECT CAST(${quoted(column)} AS DOUBLE) AS n FROM ${quoted(layer.dataset)}) AS t WHERE n IS NOT NULL`);
  const number = (name: string): number => (typeof row?.[name] === "number" ? row[name] : NaN);
  return breaksOf(shares.map((_, i) => number(`q${i}`)), number("low"), number("high"));
}
