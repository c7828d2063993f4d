import { defineLayer } from "../../map/types";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "air_stations",
  title: "layer_air_stations",
  dataset: "air_stations",
  subject: "air",
  slot: "points",
  pages: 2,
  key: "station_id",
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "station_id", name: "name_kk" }),
  look: { color: "#6b4f9c", dark: "#b9a3e0", radius: 4.5, label: { property: "name", from: 13 } },
});
