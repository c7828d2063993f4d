import { defineLayer } from "../../map/types";
import { classesOf, GOOD_TO_BAD } from "../classes";
import { pointsOf } from "../points";
import { locale } from "../../ui/say.svelte";

export const layer = defineLayer({
  kind: "rows",
  id: "school_load",
  title: "layer_school_load",
  dataset: "schools_institutions",
  subject: "schools",
  slot: "points",
  isPart: true,
  pages: 1,
  key: "institution_id",
  sql: () => `SELECT institution_id, name_${locale.lang} AS name, lon, lat, enrolled * 1.0 / capacity AS load FROM schools_institutions WHERE kind = 'school' AND capacity > 0 AND enrolled IS NOT NULL`,
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "institution_id", name: "name", value: "load" }),
  look: { color: "#6f98c4", radius: 5, by: { property: "value", classes: classesOf([0.8, 0.95, 1.0001, 1.2], GOOD_TO_BAD, "ratio") }, label: { property: "name", from: 14 } },
});
