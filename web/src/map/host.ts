// The map itself: ground, areas with their values, layers in their slots, the circle. The only folder that knows MapLibre.

import { AttributionControl, type GeoJSONSource, type LayerSpecification, Map as LibreMap, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import type { TileJson, VehicleItem } from "../api/types";
import { type Bounds, circle, labelPoint, type Point } from "../lib/geo";
import type { Lang } from "../lib/i18n";
import { baseLayers, baseName, baseSource, type Palette } from "./base";
import { calm } from "./calm";
import { type Moved as Packed, MovingVehicles } from "./moving";
import { pace } from "./pace";
import type { Area, Hit, LayerData, Look, LookClass, MovingLayer, RowsLayer, Slot, TileLayer } from "./types";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

setWorkerUrl(new URL(workerUrl, location.href).href);

export interface Options {
  container: HTMLElement;
  /** The TileJSON of the base map; null when the server has none. */
  base: Promise<TileJson | null>;
  colors: Palette;
  lang: Lang;
  label: string;
  bounds: Bounds;
  view: { zoom: number; centre: Point } | null;
  still: boolean;
  dark: boolean;
  hit: (hit: Hit) => void;
  clicked: (point: Point) => void;
  moved: (view: string) => void;
}

/** The map that no page shows. */
let spare: MapHost | null = null;
/** For so long a map goes from page to page: tiles of the ground that were not there yet are asked for again by a new one. */
const LASTS_MS = 5 * 60_000;
const nobody = { hit: () => undefined, clicked: () => undefined, moved: () => undefined };

const SLOTS: readonly Slot[] = ["areas", "lines", "points", "alerts"];
const OWN = ["areas", "area-names", "circle"] as const;
const marker = (slot: Slot): string => `slot-${slot}`;
const none = { type: "FeatureCollection" as const, features: [] };

function hatching(color: string): ImageData {
  const size = 12;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [size, size];
  const pen = canvas.getContext("2d");
  if (!pen) return new ImageData(size, size);
  pen.strokeStyle = color;
  pen.lineWidth = 1;
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift, size);
    pen.lineTo(shift + size, 0);
  }
  pen.stroke();
  return pen.getImageData(0, 0, size, size);
}

export class MapHost {
  /** A map for a page: the one that the page before has left, if it looks alike, else a new one. */
  static take(options: Options): MapHost {
    const found = spare;
    if (found === null || !found.#fits(options)) return new MapHost(options);
    spare = null;
    found.#show(options);
    return found;
  }

  readonly map: LibreMap;
  readonly ready: Promise<void>;
  /** What the ground is made of. */
  ground: "streets" | "areas" | "nothing" = "nothing";
  #moving = new Map<string, MovingVehicles>();
  /** The moment the tiles of a layer are of, and how they are drawn. */
  #drawn = new Map<string, string>();
  /** Layers of pages. */
  #added = new Set<string>();
  #options: Options;
  #root = document.createElement("div");
  #isReady = false;
  /** The browser took its drawing away, and may give it back. */
  #isLost = false;
  readonly #began = performance.now();
  #resized: ResizeObserver;
  #resizing = 0;

  private constructor(options: Options) {
    this.#options = options;
    const { container, colors, bounds, view } = options;
    this.#root.style.cssText = "width: 100%; height: 100%";
    container.append(this.#root);
    this.map = new LibreMap({
      container: this.#root,
      style: { version: 8, sources: {}, layers: [{ id: "ground", type: "background", paint: { "background-color": colors.ground } }] },
      ...(view ? { center: view.centre, zoom: view.zoom } : { bounds, fitBoundsOptions: { padding: 16 } }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      maxPitch: 0,
      fadeDuration: options.still ? 0 : 150,
      cooperativeGestures: false,
      trackResize: false,
    });
    this.#resized = new ResizeObserver(() => this.#resize());
    this.#resized.observe(this.#root);
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new AttributionControl({ compact: true }));
    this.map.getCanvas().setAttribute("aria-label", options.label);
    this.map.on("webglcontextlost", () => (this.#isLost = true));
    this.map.on("webglcontextrestored", () => (this.#isLost = false));
    this.map.on("click", (event) => this.#click(event.point.x, event.point.y, [event.lngLat.lng, event.lngLat.lat]));
    this.map.on("moveend", (event) => {
      if (!("originalEvent" in event) && !(event as { own?: boolean }).own) return;
      const { lng, lat } = this.map.getCenter();
      this.#options.moved(`${this.map.getZoom().toFixed(2)}/${lng.toFixed(4)}/${lat.toFixed(4)}`);
    });
    this.ready = this.#start().then(() => {
      this.#isReady = true;
      pace(this.map);
    });
  }

  #fits({ colors, dark, still }: Options): boolean {
    const own = this.#options;
    const isAlike = own.dark === dark && own.still === still && JSON.stringify(own.colors) === JSON.stringify(colors);
    return isAlike && !this.#isLost && performance.now() - this.#began < LASTS_MS;
  }

  #show(options: Options): void {
    this.#clear();
    // The ground's names change with setLang.
    this.#options = { ...options, lang: this.#options.lang };
    options.container.append(this.#root);
    this.#resized.observe(this.#root);
    this.map.resize();
    if (options.view) this.map.jumpTo({ center: options.view.centre, zoom: options.view.zoom });
    else this.map.fitBounds(options.bounds, { padding: 16, animate: false });
    this.setLang(options.lang, options.label);
    // A canvas of another size is empty until it is drawn.
    this.map.redraw();
  }

  /** Takes away what a page has drawn. The sources go too: what is set in them is drawn only when a worker has taken it in. */
  #clear(): void {
    for (const id of [...this.#added]) this.remove(id);
    for (const { id } of this.map.getStyle().layers) if (/^(areas|circle)-/.test(id)) this.map.removeLayer(id);
    for (const id of OWN) this.map.removeSource(id);
    this.#own();
  }

  /** Takes on the size of its frame; not while somebody waits for the answer that changed it. */
  #resize(): void {
    clearTimeout(this.#resizing);
    const [canvas, frame] = [this.map.getCanvas(), this.map.getContainer()];
    // A canvas has whole pixels of the screen; a frame that nobody sees has no size.
    if (frame.clientWidth < 2 || Math.abs(canvas.clientWidth - frame.clientWidth) < 2 && Math.abs(canvas.clientHeight - frame.clientHeight) < 2) return;
    const { left_ms } = calm();
    if (left_ms > 0) {
      this.#resizing = window.setTimeout(() => this.#resize(), left_ms);
      return;
    }
    // A canvas of another size is empty until it is drawn.
    this.map.resize();
    this.map.redraw();
  }

  async #start(): Promise<void> {
    const [base] = await Promise.all([this.#options.base, document.fonts.load("400 16px 'Qala Sans'", "Әқ"), this.map.once("load")]);
    const { map } = this;
    const { colors, lang } = this.#options;
    for (const slot of SLOTS) map.addLayer({ id: marker(slot), type: "background", layout: { visibility: "none" } });
    if (base) {
      map.addSource("base", baseSource(base, ""));
      for (const layer of baseLayers(base, colors, lang)) map.addLayer(layer, marker("areas"));
      this.ground = "streets";
    }
    map.addImage("hatching", hatching(colors.edge));
    this.#own();
  }

  /** Areas with their values, and the circle: what each map has. */
  #own(): void {
    const { map, ground } = this;
    const { colors } = this.#options;
    for (const id of OWN) map.addSource(id, { type: "geojson", data: none });
    const areas: LayerSpecification[] = [
      { id: "areas-fill", type: "fill", source: "areas", filter: ["has", "color"], paint: { "fill-color": ["get", "color"], "fill-opacity": ground === "streets" ? 0.45 : 0.85 } },
      { id: "areas-hatch", type: "fill", source: "areas", filter: ["==", ["get", "hatched"], true], paint: { "fill-pattern": "hatching", "fill-opacity": 0.6 } },
      { id: "areas-line", type: "line", source: "areas", paint: { "line-color": ["case", ["get", "chosen"], colors.ink, colors.edge], "line-width": ["case", ["get", "chosen"], 2.5, 1] } },
    ];
    for (const layer of areas) map.addLayer(layer, marker("lines"));
    map.addLayer({
      id: "areas-name", type: "symbol", source: "area-names", maxzoom: 15,
      layout: { "text-field": ["format", ["get", "name"], { "font-scale": 0.9 }, ["get", "label"], { "font-scale": 1.1 }], "text-font": ["Qala Sans"], "text-size": 13, "text-max-width": 9, "text-padding": 1 },
      paint: { "text-color": colors.ink, "text-halo-color": colors.ground, "text-halo-width": 1.6 },
    });
    map.addLayer({ id: "circle-line", type: "line", source: "circle", paint: { "line-color": colors.accent, "line-width": 2 } });
    map.addLayer({ id: "circle-fill", type: "fill", source: "circle", paint: { "fill-color": colors.accent, "fill-opacity": 0.08 } });
  }

  /** Says the ground's names and the map's own name in another language; the rest is set again by who set it. */
  setLang(lang: Lang, label: string): void {
    this.map.getCanvas().setAttribute("aria-label", label);
    if (this.#options.lang === lang) return;
    this.#options.lang = lang;
    for (const layer of this.map.getStyle().layers) if (layer.type === "symbol" && layer.source === "base") this.map.setLayoutProperty(layer.id, "text-field", baseName(lang));
  }

  setAreas(areas: readonly Area[]): void {
    const feature = (area: Area, geometry: Area["geometry"]) => ({
      type: "Feature" as const,
      geometry,
      properties: { id: area.id, name: area.name, label: area.label ? `\n${area.label}` : "", hatched: area.hatched, chosen: area.chosen, ...(area.color ? { color: area.color } : {}) },
    });
    this.#data("areas", areas.map((a) => feature(a, a.geometry)));
    this.#data("area-names", areas.flatMap((a) => {
      const point = labelPoint(a.geometry);
      return point ? [feature(a, { type: "Point", coordinates: point })] : [];
    }));
    if (this.ground === "nothing" && areas.length > 0) this.ground = "areas";
  }

  #data(source: string, features: unknown[]): void {
    this.map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features } as Parameters<GeoJSONSource["setData"]>[0]);
  }

  setRows(layer: RowsLayer, data: LayerData): void {
    const source = `rows-${layer.id}`;
    if (!this.map.getSource(source)) {
      this.map.addSource(source, { type: "geojson", data: none });
      this.#add(layer, source, null);
    }
    this.#data(source, data.features);
  }

  /** Moves vehicles; answers how many there are. */
  setVehicles(layer: MovingLayer, items: readonly VehicleItem[]): number {
    const moving = this.#movingOf(layer);
    moving.update(items);
    return moving.count;
  }

  /** The same with vehicles as they come packed from the stream. */
  moveVehicles(layer: MovingLayer, packed: Packed): number {
    const moving = this.#movingOf(layer);
    moving.move(packed);
    return moving.count;
  }

  #movingOf(layer: MovingLayer): MovingVehicles {
    let moving = this.#moving.get(layer.id);
    if (!moving) {
      const { colors, still, bounds, dark } = this.#options;
      const size = typeof layer.look.radius === "number" ? layer.look.radius * 2 : 9;
      moving = new MovingVehicles(layer.id, [(bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2], { color: (dark && layer.look.dark) || layer.look.color, rim: colors.surface, size, still });
      this.#moving.set(layer.id, moving);
      this.#added.add(layer.id);
      this.map.addLayer(moving, this.#before(layer.slot));
    }
    return moving;
  }

  setTiles(layer: TileLayer, query: string): void {
    const source = `tiles-${layer.id}`;
    const drawn = JSON.stringify([query, layer.look]);
    if (this.#drawn.get(layer.id) === drawn) return;
    // Of another moment, of another look, or drawn from rows before the server's layers were known.
    if (this.map.getSource(source) || this.map.getSource(`rows-${layer.id}`)) this.remove(layer.id);
    this.#drawn.set(layer.id, drawn);
    this.map.addSource(source, {
      type: "vector", tiles: [`${location.origin}/tiles/${encodeURIComponent(layer.id)}/{z}/{x}/{y}.mvt${query}`],
      minzoom: layer.layer.minzoom, maxzoom: layer.layer.maxzoom, ...(layer.layer.bounds ? { bounds: layer.layer.bounds } : {}),
    });
    this.#add(layer, source, layer.id);
  }

  #before(slot: Slot): string | undefined {
    const next = SLOTS[SLOTS.indexOf(slot) + 1];
    return next ? marker(next) : "areas-name";
  }

  #add(layer: RowsLayer | TileLayer, source: string, sourceLayer: string | null): void {
    this.#added.add(layer.id);
    for (const spec of drawing(layer.id, source, sourceLayer, this.#options.dark && layer.look.dark ? { ...layer.look, color: layer.look.dark } : layer.look, this.#options.colors)) this.map.addLayer(spec, this.#before(layer.slot));
  }

  remove(id: string): void {
    if (!this.#added.has(id)) return;
    for (const layer of this.map.getStyle().layers) if (layer.id.startsWith(`draw-${id}-`)) this.map.removeLayer(layer.id);
    for (const source of [`rows-${id}`, `tiles-${id}`]) if (this.map.getSource(source)) this.map.removeSource(source);
    if (this.#moving.delete(id) && this.map.getLayer(id)) this.map.removeLayer(id);
    this.#drawn.delete(id);
    this.#added.delete(id);
  }

  setCircle(centre: Point | null, radius_m: number): void {
    this.#data("circle", centre ? [{ type: "Feature", geometry: circle(centre, radius_m), properties: {} }] : []);
  }

  /** The map as it is seen, at twice its size. What moves is caught in one of its frames. */
  async picture(): Promise<HTMLCanvasElement> {
    const { map } = this;
    const before = map.getPixelRatio();
    const drawn = document.createElement("canvas");
    try {
      map.setPixelRatio(2);
      // A map on which something moves is never idle.
      await Promise.race([map.once("idle"), new Promise((resolve) => setTimeout(resolve, 1500))]);
      await new Promise<void>((resolve) => {
        // Only within a frame can its picture be read.
        map.once("render", () => {
          const canvas = map.getCanvas();
          [drawn.width, drawn.height] = [canvas.width, canvas.height];
          drawn.getContext("2d")?.drawImage(canvas, 0, 0);
          resolve();
        });
        map.triggerRepaint();
      });
    } finally {
      map.setPixelRatio(before);
    }
    return drawn;
  }

  fit(bounds: Bounds): void {
    this.map.fitBounds(bounds, { padding: 24, animate: !this.#options.still, maxZoom: 15 });
  }

  #click(x: number, y: number, point: Point): void {
    this.#options.clicked(point);
    for (const [id, moving] of this.#moving) {
      const found = moving.nearest(x, y, 12);
      if (found) return this.#options.hit({ layer: id, id: found, title: found });
    }
    const box: [[number, number], [number, number]] = [[x - 5, y - 5], [x + 5, y + 5]];
    for (const feature of this.map.queryRenderedFeatures(box)) {
      const match = /^draw-(.+)-(?:point|line|area)$/.exec(feature.layer.id);
      const [layer, key] = match ? [match[1] as string, feature.properties.id as unknown] : feature.layer.id === "areas-fill" || feature.layer.id === "areas-hatch" || feature.layer.id === "areas-name" ? ["districts", feature.properties.id as unknown] : [null, null];
      if (layer && (typeof key === "string" || typeof key === "number")) return this.#options.hit({ layer, id: String(key), title: String(feature.properties.name ?? key) });
    }
  }

  /** The page is left. Building a map and taking it down are heavy: the last one is kept for the next page. */
  leave(): void {
    this.#resized.disconnect();
    clearTimeout(this.#resizing);
    this.#options = { ...this.#options, ...nobody };
    this.map.stop();
    this.#root.remove();
    // Without streets the next page asks for them again.
    if (!this.#isReady || this.ground !== "streets") return whenCalm(() => this.map.remove());
    const old = spare;
    spare = this;
    whenCalm(() => {
      old?.map.remove();
      if (spare === this && !this.#isLost) this.#clear();
    });
  }
}

/** Does something heavy once nobody waits. */
function whenCalm(act: () => void): void {
  const { left_ms } = calm();
  if (left_ms > 0) setTimeout(() => whenCalm(act), left_ms);
  else act();
}

/** What follows a number: by its class, or `otherwise` where there is none. */
function stepped<T>(by: Look["by"], of: (c: LookClass) => T, otherwise: T): unknown {
  const [lowest, ...higher] = by?.classes ?? [];
  if (!by || !lowest) return otherwise;
  const value = ["get", by.property];
  const steps = higher.length > 0 ? ["step", value, of(lowest), ...higher.flatMap((c) => [c.from, of(c)])] : of(lowest);
  return ["case", ["==", ["typeof", value], "number"], steps, otherwise];
}

/** How the features of a layer are drawn: points with the count of what they stand for, lines, areas. */
function drawing(id: string, source: string, sourceLayer: string | null, look: Look, colors: Palette): LayerSpecification[] {
  const at = { source, ...(sourceLayer ? { "source-layer": sourceLayer } : {}) };
  // Several points in one and those without a value have no class.
  const color = stepped(look.by, (c) => c.color, look.color);
  const radius = stepped(look.by, (c) => c.radius ?? look.radius ?? 4, look.radius ?? 4);
  const isSized = look.by?.classes.some((c) => c.radius !== undefined) ?? false;
  const many = [">", ["coalesce", ["get", "count"], 1], 1];
  const out: unknown[] = [
    { id: `draw-${id}-area`, type: "fill", ...at, filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": color, "fill-opacity": ["interpolate", ["linear"], ["coalesce", ["get", "count"], 1], 1, 0.15, 100, 0.6] } },
    { id: `draw-${id}-line`, type: "line", ...at, filter: ["==", ["geometry-type"], "LineString"], layout: { "line-cap": "round", "line-join": "round" }, paint: { "line-color": color, "line-width": look.width ?? 2, "line-opacity": 0.8 } },
    { id: `draw-${id}-point`, type: "circle", ...at, filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": color, "circle-radius": ["case", many, ["min", 22, ["+", 6, ["*", 2, ["log10", ["coalesce", ["get", "count"], 1]]]]], radius], "circle-stroke-color": isSized ? colors.edge : colors.surface, "circle-stroke-width": isSized ? 1 : 1.5 } },
    { id: `draw-${id}-count`, type: "symbol", ...at, filter: ["all", ["==", ["geometry-type"], "Point"], many], layout: { "text-field": ["to-string", ["get", "count"]], "text-font": ["Qala Sans"], "text-size": 11, "text-offset": [0, -1.3] }, paint: { "text-color": colors.ink, "text-halo-color": colors.ground, "text-halo-width": 1.5 } },
  ];
  if (look.label) {
    out.push({ id: `draw-${id}-name`, type: "symbol", ...at, minzoom: look.label.from, layout: { "text-field": ["to-string", ["get", look.label.property]], "text-font": ["Qala Sans"], "text-size": 11, "text-anchor": "top", "text-offset": [0, 0.6], "text-optional": true }, paint: { "text-color": colors.second, "text-halo-color": colors.ground, "text-halo-width": 1.5 } });
  }
  return out as LayerSpecification[];
}
