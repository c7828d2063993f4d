import { city } from "../../api/city.svelte";
import { at } from "../../api/questions";
import { defineLayer } from "../../map/types";
import { locale } from "../../ui/say.svelte";
import { classesOf, GOOD_TO_BAD } from "../classes";
import { pointsOf } from "../points";

/** The mean of so long. */
const SPAN_MS = 15 * 60_000;

export const layer = defineLayer({
  kind: "rows",
  id: "speed_usual",
  title: "layer_speed_usual",
  dataset: "traffic_detectors",
  subject: "traffic",
  slot: "points",
  isPart: true,
  pages: 1,
  refresh_s: 120,
  key: "detector_id",
  sql: () => `SELECT d.detector_id, d.name_${locale.lang} AS name, d.lon, d.lat, r.speed / d.free_flow_kmh AS share FROM traffic_detectors d
    JOIN (SELECT detector_id, avg(value) AS speed FROM traffic_readings WHERE quantity = 'speed' AND t > ${at(city.now - SPAN_MS)} AND t <= ${at(city.now)} GROUP BY 1) r ON r.detector_id = d.detector_id WHERE d.free_flow_kmh > 0`,
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "detector_id", name: "name", value: "share" }),
  // The slower, the darker orange.
  look: { color: "#6f98c4", radius: 5, by: { property: "value", classes: classesOf([0.4, 0.55, 0.7, 0.85], [...GOOD_TO_BAD].reverse(), "ratio") } },
});
