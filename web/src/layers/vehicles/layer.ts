import { rows } from "../../api/client";
import type { VehicleItem } from "../../api/types";
import { defineLayer } from "../../map/types";

/** The newest position of each vehicle among the newest 500 rows. */
async function read(): Promise<{ items: VehicleItem[]; t: string | null; simulated: boolean }> {
  const page = await rows("transit_vehicle_positions", { order: "-t", limit: 500 });
  const newest = new Map<string, VehicleItem>();
  for (const row of page.rows) {
    const id = String(row.vehicle_id ?? "");
    if (id && !newest.has(id) && typeof row.lon === "number" && typeof row.lat === "number") {
      newest.set(id, { id, lon: row.lon, lat: row.lat, route: typeof row.label === "string" ? row.label : null, bearing: typeof row.bearing === "number" ? row.bearing : null });
    }
  }
  const t = page.rows[0]?.t;
  return { items: [...newest.values()], t: typeof t === "string" ? t : null, simulated: page.sources.some((s) => s.simulated) };
}

export const layer = defineLayer({
  kind: "moving",
  id: "vehicles",
  title: "layer_vehicles",
  dataset: "transit_vehicle_positions",
  subject: "transit",
  slot: "points",
  key: "vehicle_id",
  read,
  look: { color: "#1f5fa8", dark: "#7db4f0", radius: 4.5 },
});
