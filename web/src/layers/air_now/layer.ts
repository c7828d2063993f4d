import { at } from "../../api/questions";
import { defineLayer } from "../../map/types";
import { locale } from "../../ui/say.svelte";
import { HOUR_MS } from "../../lib/time";
import { classesOf } from "../classes";
import { shownNow } from "../now";
import { pointsOf } from "../points";

/** The WHO's guideline for a day, the country's limits for a day and for twenty minutes, and twice the day's in between, µg/m³. */
const BOUNDS = [15, 35, 70, 160] as const;
/** Grey is kept for those that do not report. */
const COLORS = ["#1f5791", "#6f98c4", "#e3b94f", "#d9762b", "#8f2f0c"] as const;

export const layer = defineLayer({
  kind: "rows",
  id: "air_now",
  title: "layer_air_now",
  dataset: "air_stations",
  subject: "air",
  slot: "points",
  isPart: true,
  pages: 1,
  refresh_s: 300,
  key: "station_id",
  // A station that did not report is there, without a colour.
  sql: () => {
    const end = shownNow();
    return `SELECT s.station_id, s.name, s.lon, s.lat, r.pm FROM (SELECT station_id, min(name_${locale.lang}) AS name, min(lon) AS lon, min(lat) AS lat FROM air_stations GROUP BY 1) AS s
    LEFT JOIN (SELECT station_id, avg(value) AS pm FROM air_readings WHERE quantity = 'pm25' AND t > ${at(end - HOUR_MS)} AND t <= ${at(end)} GROUP BY 1) AS r ON r.station_id = s.station_id`;
  },
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "station_id", name: "name", value: "pm" }),
  look: { color: "#c3c8cb", dark: "#59636b", radius: 5, by: { property: "value", gaps: true, classes: classesOf(BOUNDS, COLORS, "ug/m3") }, label: { property: "name", from: 14 } },
});
