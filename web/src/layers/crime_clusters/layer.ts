import { defineLayer } from "../../map/types";
import { t } from "../../ui/say.svelte";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "crime_clusters",
  title: "layer_crime_clusters",
  dataset: "crime_clusters",
  subject: "crime",
  slot: "points",
  isPart: true,
  pages: 1,
  sql: () => "SELECT cell, class, lon, lat, CASE WHEN class = 'hot' THEN 1 ELSE 0 END AS verdict FROM crime_clusters WHERE class <> 'none'",
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "cell", name: "cell", value: "verdict" }),
  look: { color: "#c2571a", radius: 6, by: { property: "value", classes: [{ from: -Infinity, color: "#4577ad", title: () => t("picture_crime_cold") }, { from: 1, color: "#c2571a", title: () => t("picture_crime_hot") }] } },
});
