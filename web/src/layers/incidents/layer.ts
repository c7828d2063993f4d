import { at } from "../../api/questions";
import { shownNow } from "../now";
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
  pages: 1,
  refresh_s: 60,
  key: "incident_id",
  // Those of the last day before the newest one that still go on.
  sql: () => `SELECT i.incident_id, i.kind, i.lon, i.lat FROM traffic_incidents AS i JOIN (SELECT max(t) AS newest FROM traffic_incidents WHERE t <= ${at(shownNow())}) AS m
    ON i.t > m.newest - INTERVAL '1 day' AND i.t <= m.newest WHERE i.ended_at IS NULL OR i.ended_at > m.newest`,
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "incident_id", name: "kind" }),
  look: { color: "#b7791f", dark: "#e0a33e", radius: 6 },
});
