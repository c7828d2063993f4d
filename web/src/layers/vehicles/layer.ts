import { city } from "../../api/city.svelte";
import { ask, at } from "../../api/questions";
import type { VehicleItem } from "../../api/types";
import { defineLayer } from "../../map/types";

const DATASET = "transit_vehicle_positions";
/** Who has not reported for so long is not shown where it was. */
const RECENT_MS = 180_000;

/** The newest position of each vehicle. A short time is asked for: sorting years of positions takes the centre seconds. */
async function read(): Promise<{ items: VehicleItem[]; t: string | null; simulated: boolean | null }> {
  const rows = await ask(
    `SELECT vehicle_id AS id, last_value(lon ORDER BY t) AS lon, last_value(lat ORDER BY t) AS lat, last_value(label ORDER BY t) AS route, ` +
    `last_value(bearing ORDER BY t) AS bearing, max(t) AS t FROM ${DATASET} WHERE t > ${at(city.now - RECENT_MS)} AND t <= ${at(city.now)} AND vehicle_id IS NOT NULL GROUP BY vehicle_id`,
  );
  const items = rows.flatMap(({ id, lon, lat, route, bearing }): VehicleItem[] =>
    typeof lon === "number" && typeof lat === "number" ? [{ id: String(id), lon, lat, route: typeof route === "string" ? route : null, bearing: typeof bearing === "number" ? bearing : null }] : []);
  const t = rows.map((r) => String(r.t)).sort((a, b) => Date.parse(b) - Date.parse(a))[0] ?? null;
  return { items, t, simulated: city.layers.value?.find((l) => l.dataset === DATASET)?.simulated ?? null };
}

export const layer = defineLayer({
  kind: "moving",
  id: "vehicles",
  title: "layer_vehicles",
  dataset: DATASET,
  subject: "transit",
  slot: "points",
  instead: ["gtfs_stops"],
  key: "vehicle_id",
  read,
  look: { color: "#1f5fa8", dark: "#7db4f0", radius: 4.5 },
});
