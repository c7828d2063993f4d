// The quiet ground: streets and names in greys, from the server's own tiles. Which layers there are is read from the TileJSON.

import type { ExpressionSpecification, LayerSpecification, VectorSourceSpecification } from "maplibre-gl";
import type { TileJson } from "../api/types";
import type { Lang } from "../lib/i18n";

export interface Palette { ground: string; surface: string; line: string; edge: string; second: string; ink: string; accent: string; water: string; park: string }

export function baseSource(base: TileJson, query: string): VectorSourceSpecification {
  const tiles = (base.tiles ?? []).map((url) => new URL(url, location.origin).href.replaceAll("%7B", "{").replaceAll("%7D", "}") + query);
  return { type: "vector", tiles, minzoom: base.minzoom ?? 0, maxzoom: base.maxzoom ?? 14, ...(base.bounds ? { bounds: base.bounds } : {}) };
}

/** The names of the ground in a language; in Kazakh, or as they stand, where it has none. */
export const baseName = (lang: Lang): ExpressionSpecification => ["coalesce", ["get", `name_${lang}`], ["get", "name_kk"], ["get", "name"]];

export function baseLayers(base: TileJson, colors: Palette, lang: Lang): LayerSpecification[] {
  const ids = base.vector_layers?.map((l) => l.id) ?? ["base"];
  const name = baseName(lang);
  const isClass = (...classes: string[]): unknown => ["in", ["coalesce", ["get", "class"], ["get", "kind"], ""], ["literal", classes]];
  const main = isClass("motorway", "trunk", "primary", "secondary", "main", "arterial");
  return ids.flatMap((id): unknown[] => [
    { id: `base-${id}-area`, source: "base", "source-layer": id, type: "fill", filter: ["all", ["==", ["geometry-type"], "Polygon"], isClass("water", "park", "green")], paint: { "fill-color": ["case", isClass("water"), colors.water, colors.park] } },
    { id: `base-${id}-edge`, source: "base", "source-layer": id, type: "line", filter: ["==", ["geometry-type"], "Polygon"], paint: { "line-color": colors.edge, "line-width": 0.5, "line-opacity": 0.5 } },
    { id: `base-${id}-street`, source: "base", "source-layer": id, type: "line", filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": colors.line, "line-width": ["interpolate", ["exponential", 1.5], ["zoom"], 9, ["case", main, 0.8, 0.3], 14, ["case", main, 4, 1.5], 18, ["case", main, 18, 8]] } },
    { id: `base-${id}-street-name`, source: "base", "source-layer": id, type: "symbol", minzoom: 13, filter: ["all", ["==", ["geometry-type"], "LineString"], ["has", "name_kk"]], layout: { "symbol-placement": "line", "text-field": name, "text-font": ["Qala Sans"], "text-size": 11 }, paint: { "text-color": colors.second, "text-halo-color": colors.ground, "text-halo-width": 1.5 } },
    { id: `base-${id}-name`, source: "base", "source-layer": id, type: "symbol", filter: ["all", ["==", ["geometry-type"], "Point"], ["!", isClass("district")]], layout: { "text-field": name, "text-font": ["Qala Sans"], "text-size": 12 }, paint: { "text-color": colors.second, "text-halo-color": colors.ground, "text-halo-width": 1.5 } },
  ]) as LayerSpecification[];
}
