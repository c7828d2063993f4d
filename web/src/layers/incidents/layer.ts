import { DAY_MS } from "../../lib/time";
import { defineLayer } from "../../map/types";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "incidents",
  title: "layer_incidents",
  dataset: "traffic_incidents",
  subject: "traffic",
  slot: "alerts",
  isPart: true,
  order: "-t",
  pages: 1,
  refresh_s: 60,
  key: "incident_id",
  // Those of the last day before the newest one that still go on.
  features: (rows) => {
    const newest = Math.max(...rows.map((row) => Date.parse(String(row.t))));
    const open = rows.filter((row) => newest - Date.parse(String(row.t)) < DAY_MS && (!row.ended_at || Date.parse(String(row.ended_at)) > newest));
    return pointsOf(open, { lon: "lon", lat: "lat", id: "incident_id", name: "kind" });
  },
  look: { color: "#b7791f", dark: "#e0a33e", radius: 6 },
});
