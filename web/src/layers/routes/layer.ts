import type { Row } from "../../api/types";
import type { Point } from "../../lib/geo";
import { defineLayer, type Feature } from "../../map/types";

/** The points of a shape in their order, as a line. */
function lines(rows: readonly Row[]): Feature[] {
  const shapes = new Map<string, { at: number; point: Point }[]>();
  for (const row of rows) {
    const [lon, lat, id] = [Number(row.shape_pt_lon), Number(row.shape_pt_lat), String(row.shape_id)];
    const list = shapes.get(id) ?? [];
    list.push({ at: Number(row.shape_pt_sequence), point: [lon, lat] });
    shapes.set(id, list);
  }
  return [...shapes].map(([id, list]) => ({
    type: "Feature",
    geometry: { type: "LineString", coordinates: list.sort((a, b) => a.at - b.at).map((p) => p.point) },
    properties: { id, name: id },
  }));
}

export const layer = defineLayer({
  kind: "rows",
  id: "routes",
  title: "layer_routes",
  dataset: "gtfs_shapes",
  subject: "transit",
  slot: "lines",
  pages: 8,
  features: lines,
  look: { color: "#8a93a6", dark: "#5c6675", width: 1.5 },
});
