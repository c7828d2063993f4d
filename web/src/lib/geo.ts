// Geometry on the sphere and well-known text, as far as the screen needs them.

export type Point = [lon: number, lat: number];
export type Geometry =
  | { type: "Polygon"; coordinates: Point[][] }
  | { type: "MultiPolygon"; coordinates: Point[][][] }
  | { type: "LineString"; coordinates: Point[] }
  | { type: "Point"; coordinates: Point };
export type Bounds = [west: number, south: number, east: number, north: number];

const ring = (text: string): Point[] =>
  text.split(",").map((pair) => pair.trim().split(/\s+/).slice(0, 2).map(Number) as Point);

const rings = (text: string): Point[][] => [...text.matchAll(/\(([^()]+)\)/g)].map((m) => ring(m[1] as string));

/** A geometry of well-known text; null when it is another kind or broken. */
export function parseWkt(text: string): Geometry | null {
  const [, kind, body] = /^\s*(\w+)\s*(?:Z\s*)?(\(.*\))\s*$/is.exec(text) ?? [];
  if (!kind || !body) return null;
  const geometry = geometryOf(kind.toUpperCase(), body);
  return geometry && pointsOf(geometry).every((p) => p.every(Number.isFinite)) ? geometry : null;
}

function geometryOf(kind: string, body: string): Geometry | null {
  switch (kind) {
    case "POINT":
      return { type: "Point", coordinates: ring(body.slice(1, -1))[0] as Point };
    case "LINESTRING":
      return { type: "LineString", coordinates: ring(body.slice(1, -1)) };
    case "POLYGON":
      return { type: "Polygon", coordinates: rings(body) };
    case "MULTIPOLYGON":
      return { type: "MultiPolygon", coordinates: [...body.matchAll(/\(\s*(\([^()]+\)(?:\s*,\s*\([^()]+\))*)\s*\)/g)].map((m) => rings(m[1] as string)) };
    default:
      return null;
  }
}

export function pointsOf(geometry: Geometry): Point[] {
  switch (geometry.type) {
    case "Point":
      return [geometry.coordinates];
    case "LineString":
      return geometry.coordinates;
    case "Polygon":
      return geometry.coordinates.flat();
    case "MultiPolygon":
      return geometry.coordinates.flat(2);
  }
}

/** The box around points; null when there are none. */
export function boundsOf(points: readonly Point[]): Bounds | null {
  if (points.length === 0) return null;
  const box: Bounds = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [lon, lat] of points) {
    box[0] = Math.min(box[0], lon);
    box[1] = Math.min(box[1], lat);
    box[2] = Math.max(box[2], lon);
    box[3] = Math.max(box[3], lat);
  }
  return box;
}

const EARTH_M = 6371008.8;
const rad = (deg: number): number => (deg * Math.PI) / 180;

/** The distance of two points, metres (haversine). */
export function distance(a: Point, b: Point): number {
  const [dLat, dLon] = [rad(b[1] - a[1]), rad(b[0] - a[0])];
  const h = Math.sin(dLat / 2) ** 2 + Math.cos(rad(a[1])) * Math.cos(rad(b[1])) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.sqrt(h));
}

/** A circle as a polygon of 64 corners. */
export function circle(centre: Point, radius_m: number): Geometry {
  const corners: Point[] = [];
  const dLat = (radius_m / EARTH_M) * (180 / Math.PI);
  const dLon = dLat / Math.cos(rad(centre[1]));
  for (let i = 0; i <= 64; i += 1) {
    const angle = (i / 64) * 2 * Math.PI;
    corners.push([centre[0] + dLon * Math.cos(angle), centre[1] + dLat * Math.sin(angle)]);
  }
  return { type: "Polygon", coordinates: [corners] };
}

/** A point inside a polygon, for a label: the middle of its box's longest inner scan line. */
export function labelPoint(geometry: Geometry): Point | null {
  const outer = geometry.type === "Polygon" ? geometry.coordinates[0] : geometry.type === "MultiPolygon" ? geometry.coordinates.map((p) => p[0] ?? []).sort((a, b) => b.length - a.length)[0] : null;
  const box = outer && boundsOf(outer);
  if (!outer || !box) return null;
  const lat = (box[1] + box[3]) / 2;
  const cuts: number[] = [];
  outer.forEach(([x, y], i) => {
    const [x2, y2] = outer[(i + 1) % outer.length] as Point;
    if (y > lat !== y2 > lat) cuts.push(x + ((lat - y) / (y2 - y)) * (x2 - x));
  });
  cuts.sort((a, b) => a - b);
  let best: Point | null = null;
  let width = 0;
  for (let i = 0; i + 1 < cuts.length; i += 2) {
    const [from, to] = [cuts[i] as number, cuts[i + 1] as number];
    if (to - from > width) [best, width] = [[(from + to) / 2, lat], to - from];
  }
  return best ?? [(box[0] + box[2]) / 2, lat];
}
