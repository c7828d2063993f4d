// What a map layer is. A layer says what it shows and how it looks; the host draws it. Types of MapLibre stay in this folder.

import type { ExpressionSpecification } from "maplibre-gl";
import type { Layer, Row, VehicleItem } from "../api/types";
import type { Geometry } from "../lib/geo";
import type { MessageKey } from "../lib/messages";

export interface Feature {
  type: "Feature";
  geometry: Geometry;
  properties: Record<string, string | number | boolean | null>;
}

export interface LayerData {
  features: Feature[];
  /** Rows there are; more than features when only some could be read. */
  total: number;
  /** Null where it is not known. */
  simulated: boolean | null;
  /** The feeds the data came from. */
  source: string;
}

/** Layers are stacked by slot, areas at the bottom. */
export type Slot = "areas" | "lines" | "points" | "alerts";

export interface LookClass { from: number; color: string; title: () => string; radius?: number | undefined }

export interface Look {
  color: string;
  /** The colour on a dark ground; the same when absent. */
  dark?: string;
  radius?: number | ExpressionSpecification;
  width?: number;
  /** The colour follows a number: each class from its least value on, the first from nothing. So does the size, where classes have one. */
  by?: { property: string; title?: () => string; /** Some have no value, and the plain colour. */ gaps?: boolean; classes: readonly LookClass[] };
  /** Property with the text that is drawn from this zoom on. */
  label?: { property: string; from: number };
}

/** A layer whose features are read from the rows of a dataset. */
export interface RowsLayer {
  kind: "rows";
  id: string;
  title: MessageKey;
  dataset: string;
  subject: string;
  slot: Slot;
  /** Shows a part of its dataset, so that tiles of the whole cannot stand for it. */
  isPart?: boolean;
  /** Datasets for whose plain layers it stands where a subject's map opens, beside its own. */
  instead?: readonly string[];
  order?: string;
  /** Pages of 500 rows that are read at most. */
  pages: number;
  /** Read again so often. */
  refresh_s?: number;
  /** Column that names an object; the page of the object is /objects/<dataset>/<key>. */
  key?: string;
  /** A question instead of the rows as they stand. */
  sql?: () => string;
  features: (rows: Row[]) => Feature[];
  look: Look;
}

/** Vehicles that move. */
export interface MovingLayer {
  kind: "moving";
  id: string;
  title: MessageKey;
  dataset: string;
  subject: string;
  slot: Slot;
  instead?: readonly string[];
  key?: string;
  read: () => Promise<{ items: VehicleItem[]; t: string | null; simulated: boolean | null }>;
  look: Look;
}

/** A layer of the server, as vector tiles. */
export interface TileLayer {
  kind: "tiles";
  id: string;
  layer: Layer;
  subject: string;
  slot: Slot;
  look: Look;
}

export type MapLayer = RowsLayer | MovingLayer | TileLayer;

/** Checks a layer's shape where it is written. */
export const defineLayer = <L extends RowsLayer | MovingLayer>(layer: L): L => layer;

/** A coloured area with its label: a district and its value. */
export interface Area {
  id: string;
  geometry: Geometry;
  name: string;
  label: string;
  color: string | null;
  /** Drawn with hatching: not known. */
  hatched: boolean;
  chosen: boolean;
}

export interface Hit { layer: string; id: string; title: string }
