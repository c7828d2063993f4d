import { defineLayer } from "../../map/types";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "stops",
  title: "layer_stops",
  dataset: "gtfs_stops",
  subject: "transit",
  slot: "points",
  pages: 4,
  key: "stop_id",
  features: (rows) => pointsOf(rows, { lon: "stop_lon", lat: "stop_lat", id: "stop_id", name: "stop_name" }),
  look: { color: "#4a6fa5", dark: "#8fb0de", radius: 3, label: { property: "name", from: 14.5 } },
});
