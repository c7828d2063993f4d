// A city on a flat sheet: longitudes are shortened by the latitude, so that a circle is round.

import { boundsOf, type Geometry, type Point, pointsOf } from "./geo";

export interface Plane { width: number; height: number; xy: (point: Point) => [x: number, y: number]; path: (geometry: Geometry) => string }

/** A sheet of that width around geometries; null when there is nothing. */
export function planeOf(geometries: readonly Geometry[], width: number, margin = 8): Plane | null {
  const box = boundsOf(geometries.flatMap(pointsOf));
  if (!box) return null;
  const [west, south, east, north] = box;
  const shrink = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = (width - 2 * margin) / Math.max((east - west) * shrink, 1e-9);
  const xy = ([lon, lat]: Point): [number, number] => [margin + (lon - west) * shrink * scale, margin + (north - lat) * scale];
  const line = (points: readonly Point[]): string => points.map((p, i) => `${i ? "L" : "M"}${xy(p).map((n) => n.toFixed(1)).join(" ")}`).join("");
  const path = (geometry: Geometry): string => {
    switch (geometry.type) {
      case "Point":
        return "";
      case "LineString":
        return line(geometry.coordinates);
      case "Polygon":
        return geometry.coordinates.map((ring) => `${line(ring)}Z`).join("");
      case "MultiPolygon":
        return geometry.coordinates.flat().map((ring) => `${line(ring)}Z`).join("");
    }
  };
  return { width, height: 2 * margin + (north - south) * scale, xy, path };
}
