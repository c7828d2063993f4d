import { defineLayer } from "../../map/types";
import { t } from "../../ui/say.svelte";
import { GOOD_TO_BAD } from "../classes";
import { pointsOf } from "../points";

export const layer = defineLayer({
  kind: "rows",
  id: "asset_condition",
  title: "layer_asset_condition",
  dataset: "assets_items",
  subject: "assets",
  slot: "points",
  isPart: true,
  pages: 1,
  key: "asset_id",
  sql: () => "SELECT asset_id, kind, lon, lat, condition FROM assets_items WHERE lon IS NOT NULL",
  features: (rows) => pointsOf(rows, { lon: "lon", lat: "lat", id: "asset_id", name: "kind", value: "condition" }),
  look: { color: "#6f98c4", radius: 3.5, by: { property: "value", classes: ([1, 2, 3, 4, 5] as const).map((c, i) => ({ from: c, color: GOOD_TO_BAD[i] as string, title: () => t(`picture_condition_${c}`) })) } },
});
