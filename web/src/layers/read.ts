// Features of a layer from the rows of its dataset, page by page.

import { rows } from "../api/client";
import { city } from "../api/city.svelte";
import { ask } from "../api/questions";
import type { Row } from "../api/types";
import { type Geometry, parseWkt } from "../lib/geo";
import type { LayerData, RowsLayer } from "../map/types";

const PAGE = 500;

export async function readLayer(layer: RowsLayer): Promise<LayerData> {
  if (layer.sql) {
    const found = await ask(layer.sql());
    return { features: found.length > 0 ? layer.features(found) : [], total: found.length, simulated: null, source: "" };
  }
  const first = await rows(layer.dataset, { limit: PAGE, order: layer.order });
  const pages = Math.min(layer.pages, Math.ceil(first.total / PAGE));
  const more = await Promise.all(Array.from({ length: Math.max(0, pages - 1) }, (_, i) => rows(layer.dataset, { limit: PAGE, offset: (i + 1) * PAGE, order: layer.order })));
  const all: Row[] = [first, ...more].flatMap((page) => page.rows);
  const feeds = [...new Set(first.sources.map((s) => s.feed))];
  return { features: all.length > 0 ? layer.features(all) : [], total: first.total, simulated: first.sources.some((s) => s.simulated), source: feeds.join(", ") };
}

let geometry: Promise<Map<string, Geometry>> | null = null;

/** The borders of places that are known, by place id. */
export function readBorders(): Promise<Map<string, Geometry>> {
  geometry ??= read().catch((error: unknown) => {
    geometry = null;
    throw error;
  });
  return geometry;
}

async function read(): Promise<Map<string, Geometry>> {
  const name = "organisation_places";
  const out = new Map<string, Geometry>();
  if (!city.dataset(name)) return out;
  const page = await rows(name, { limit: PAGE });
  for (const row of page.rows) {
    const shape = typeof row.geometry === "string" && row.kind === "district" ? parseWkt(row.geometry) : null;
    if (shape) out.set(String(row.place_id), shape);
  }
  return out;
}
