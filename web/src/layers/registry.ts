// Every layer there is: those with a folder here, and those the server offers. A new folder needs no other change.

import { city } from "../api/city.svelte";
import type { Layer } from "../api/types";
import type { MapLayer, Slot, TileLayer } from "../map/types";

const modules = import.meta.glob<{ layer: MapLayer }>("./*/layer.ts", { eager: true });
const own: readonly MapLayer[] = Object.values(modules).map((m) => m.layer);

const SLOT: Record<Layer["kind"], Slot> = { areas: "areas", cells: "areas", lines: "lines", points: "points" };
/** Categories that hold for the colour-blind (after Okabe and Ito, darkened). */
const COLORS = ["#1f5fa8", "#8a5a0f", "#0f766e", "#8b3f6e", "#4f6b1e", "#6b4f9c", "#56616b"];
const DARK = ["#7db4f0", "#e0a33e", "#4fc4b5", "#e08fc0", "#a7c98a", "#b9a3e0", "#a5b1ba"];

function tileLayer(layer: Layer, at: number): TileLayer {
  const subject = city.dataset(layer.dataset)?.subject ?? layer.dataset.split("_")[0] ?? "";
  return { kind: "tiles", id: layer.id, layer, subject, slot: SLOT[layer.kind], look: { color: COLORS[at % COLORS.length] as string, dark: DARK[at % DARK.length] as string, label: { property: "name", from: 15 } } };
}

/** Layers that can be shown: of ours those whose dataset there is, and those of the server that we do not draw ourselves. */
export function available(): MapLayer[] {
  const known = new Set(city.catalog.value?.datasets.map((d) => d.name));
  const ours = own.filter((l) => l.kind === "tiles" || known.has(l.dataset));
  const drawn = new Set(ours.filter((l) => l.kind === "moving").map((l) => (l.kind === "moving" ? l.dataset : "")));
  const tiles = (city.layers.value ?? []).filter((l) => l.id !== "base" && !drawn.has(l.dataset)).map(tileLayer);
  const tiled = new Set(tiles.map((l) => l.layer.dataset));
  return [...ours.filter((l) => l.kind !== "rows" || l.isPart || !tiled.has(l.dataset)), ...tiles];
}
