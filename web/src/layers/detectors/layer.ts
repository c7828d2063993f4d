import { defineLayer } from "../../map/types";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "detectors",
  title: "layer_detectors",
  dataset: "traffic_detectors",
  subject: "traffic",
  slot: "points",
  pages: 3,
  key: "detector_id",
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "detector_id", name: "detector_id" }),
  look: { color: "#5b7a3d", dark: "#a7c98a", radius: 3 },
});
