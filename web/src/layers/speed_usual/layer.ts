import { at } from "../../api/questions";
import { SLOW_BOUNDS } from "../../lib/speeds";
import { defineLayer } from "../../map/types";
import { locale } from "../../ui/say.svelte";
import { classesOf } from "../classes";
import { shownNow } from "../now";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "speed_usual",
  title: "layer_speed_usual",
  dataset: "traffic_against_usual",
  subject: "traffic",
  slot: "points",
  isPart: true,
  instead: ["traffic_detectors", "traffic_street_segments"],
  pages: 1,
  refresh_s: 300,
  sql: () => `SELECT a.detector_id, d.name, d.lon, d.lat, a.ratio FROM traffic_against_usual AS a JOIN (SELECT detector_id, min(name_${locale.lang}) AS name, min(lon) AS lon, min(lat) AS lat FROM traffic_detectors GROUP BY 1) AS d ON d.detector_id = a.detector_id
    WHERE a.ratio IS NOT NULL AND a.period_end = (SELECT max(period_end) FROM traffic_against_usual WHERE period_end <= ${at(shownNow())})`,
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "detector_id", name: "name", value: "ratio" }),
  // The slower, the darker orange.
  look: { color: "#a9b1b7", radius: 5, by: { property: "value", classes: classesOf(SLOW_BOUNDS, ["#a8450f", "#d98a3d", "#a9b1b7", "#4577ad"], "ratio") } },
});
