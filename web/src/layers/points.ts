// Rows with a longitude and a latitude as points.

import type { Cell, Row } from "../api/types";
import type { Feature } from "../map/types";

const number = (cell: Cell | undefined): number | null => (typeof cell === "number" && Number.isFinite(cell) ? cell : null);

export function pointsOf(rows: readonly Row[], columns: { lon: string; lat: string; id: string; name: string; value?: string }): Feature[] {
  return rows.flatMap((row): Feature[] => {
    const [lon, lat] = [number(row[columns.lon]), number(row[columns.lat])];
    if (lon === null || lat === null) return [];
    const id = String(row[columns.id] ?? "");
    return [{ type: "Feature", geometry: { type: "Point", coordinates: [lon, lat] }, properties: { id, name: String(row[columns.name] ?? id), ...(columns.value ? { value: number(row[columns.value]) } : {}) } }];
  });
}
