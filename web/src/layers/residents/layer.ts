import { steps } from "../../lib/colors";
import { defineLayer } from "../../map/types";
import { display } from "../../ui/display.svelte";
import { classesOf } from "../classes";
import { pointsOf } from "../points";

/** Persons of a cell: about a fifth of the cells of the seeded city between each two. */
const BOUNDS = [250, 500, 1000, 2000] as const;

export const layer = defineLayer({
  kind: "rows",
  id: "residents",
  title: "layer_residents",
  dataset: "population_cells",
  subject: "population",
  slot: "points",
  isPart: true,
  instead: ["population_homes"],
  pages: 1,
  key: "cell_id",
  sql: () => "SELECT cell_id, min(lon) AS lon, min(lat) AS lat, sum(residents) AS residents FROM population_cells GROUP BY cell_id",
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "cell_id", name: "cell_id", value: "residents" }),
  get look() {
    return { color: "#6f98c4", radius: 3, by: { property: "value", classes: classesOf(BOUNDS, steps(display.shown).slice(1), "persons") } };
  },
});
