// Vehicles that move, drawn by the graphics card: each goes from where it is shown to where it was last seen, within the time
// between two reports. It is never ahead of its data. An update writes only the vehicles that changed.

import { type CustomLayerInterface, type CustomRenderMethodInput, type Map as LibreMap, MercatorCoordinate } from "maplibre-gl";
import type { VehicleItem } from "../api/types";
import { calm } from "./calm";

const FIELDS = 6; // from x, y, to x, y, start s, length s
const LONGEST_S = 12;
/** A device whose frames take longer, on the mean of so many, has no graphics card to speak of. */
const SLOW_MS = 40;
const FRAMES = 6;
/** There vehicles go on once in so long, so that the rest of the page answers; after so long it is tried anew. */
const CALM_MS = 2000;
const CALM_FOR_MS = 60000;
const DEGREES = 180 / Math.PI;

const mix = (a: number, b: number, part: number): number => a + (b - a) * part;

const VERTEX = `#version 300 es
in vec2 a_from; in vec2 a_to; in vec2 a_time;
uniform mat4 u_matrix; uniform float u_now; uniform float u_size;
void main() {
  float part = a_time.y <= 0.0 ? 1.0 : clamp((u_now - a_time.x) / a_time.y, 0.0, 1.0);
  gl_Position = u_matrix * vec4(mix(a_from, a_to, part), 0.0, 1.0);
  gl_PointSize = u_size;
}`;

const FRAGMENT = `#version 300 es
precision mediump float;
uniform vec3 u_color; uniform vec3 u_rim; out vec4 color;
void main() {
  float r = length(gl_PointCoord - 0.5) * 2.0;
  float alpha = 1.0 - smoothstep(0.9, 1.0, r);
  color = vec4(mix(u_color, u_rim, smoothstep(0.62, 0.74, r)), 1.0) * alpha;
}`;

const rgb = (hex: string): [number, number, number] => {
  const n = Number.parseInt(hex.replace("#", "").replace(/^(.)(.)(.)$/, "$1$1$2$2$3$3").slice(0, 6), 16);
  return [((n >> 16) & 255) / 255, ((n >> 8) & 255) / 255, (n & 255) / 255];
};

/** Vehicles that moved, by the order in which their names came; places in Mercator units. */
export interface Moved { at: Uint32Array; xy: Float64Array; ids: readonly string[] }

export class MovingVehicles implements CustomLayerInterface {
  readonly type = "custom";
  #map: LibreMap | null = null;
  #gl: WebGL2RenderingContext | null = null;
  #program: WebGLProgram | null = null;
  #buffer: WebGLBuffer | null = null;
  #array: WebGLVertexArrayObject | null = null;
  #data = new Float32Array(256 * FIELDS);
  #index = new Map<string, number>();
  #seen: number[] = [];
  /** Which of ours a vehicle of the stream is. */
  #streamed: number[] = [];
  #uniforms = new Map<string, WebGLUniformLocation | null>();
  #dirty: [number, number] | null = null;
  #grown = true;
  #until = 0;
  /** When the last frame of a row was drawn, and how long each of the row took. */
  #last = -Infinity;
  #took: number[] = [];
  #calmUntil = -Infinity;
  #waiting = 0;
  readonly #origin: MercatorCoordinate;
  readonly #began = performance.now();

  constructor(readonly id: string, centre: [number, number], private readonly look: { color: string; rim: string; size: number; still: boolean }) {
    this.#origin = MercatorCoordinate.fromLngLat(centre);
  }

  get count(): number {
    return this.#index.size;
  }

  #now(): number {
    return (performance.now() - this.#began) / 1000;
  }

  /** Takes in positions; those not named stay where they are. */
  update(items: readonly VehicleItem[]): void {
    const now = this.#now();
    for (const item of items) {
      // As MercatorCoordinate does it, without an object for each vehicle.
      this.#to(this.#placeOf(item.id), (180 + item.lon) / 360, (180 - DEGREES * Math.log(Math.tan(Math.PI / 4 + (item.lat * Math.PI) / 360))) / 360, now);
    }
    this.#ask();
  }

  /** The same with positions that are numbers already. */
  move({ at, xy, ids }: Moved): void {
    for (const id of ids) this.#streamed.push(this.#placeOf(id));
    const now = this.#now();
    for (let i = 0; i < at.length; i += 1) this.#to(this.#streamed[at[i] as number] as number, xy[i * 2] as number, xy[i * 2 + 1] as number, now);
    this.#ask();
  }

  #placeOf(id: string): number {
    let at = this.#index.get(id);
    if (at === undefined) {
      at = this.#index.size;
      this.#index.set(id, at);
      this.#room(at + 1);
    }
    return at;
  }

  /** Sends a vehicle from where it is shown now to a place. */
  #to(at: number, mercatorX: number, mercatorY: number, now: number): void {
    const d = this.#data;
    const o = at * FIELDS;
    const [x, y] = [mercatorX - this.#origin.x, mercatorY - this.#origin.y];
    const seen = this.#seen[at];
    if (seen === undefined) this.#put(o, x, y, x, y, now, 0);
    else {
      const part = this.#part(o, now);
      const length = this.look.still ? 0 : Math.min(LONGEST_S, Math.max(0.5, now - seen));
      this.#put(o, mix(d[o] ?? 0, d[o + 2] ?? 0, part), mix(d[o + 1] ?? 0, d[o + 3] ?? 0, part), x, y, now, length);
      this.#until = Math.max(this.#until, now + length);
    }
    this.#seen[at] = now;
    if (this.#dirty) {
      this.#dirty[0] = Math.min(this.#dirty[0], at);
      this.#dirty[1] = Math.max(this.#dirty[1], at);
    } else this.#dirty = [at, at];
  }

  #put(o: number, fromX: number, fromY: number, toX: number, toY: number, start: number, length: number): void {
    const d = this.#data;
    d[o] = fromX;
    d[o + 1] = fromY;
    d[o + 2] = toX;
    d[o + 3] = toY;
    d[o + 4] = start;
    d[o + 5] = length;
  }

  /** How much of its way a vehicle has gone. */
  #part(o: number, now: number): number {
    const length = this.#data[o + 5] ?? 0;
    return length <= 0 ? 1 : Math.min(1, Math.max(0, (now - (this.#data[o + 4] ?? 0)) / length));
  }

  #shown(o: number, now: number): [number, number] {
    const d = this.#data;
    const part = this.#part(o, now);
    return [mix(d[o] ?? 0, d[o + 2] ?? 0, part), mix(d[o + 1] ?? 0, d[o + 3] ?? 0, part)];
  }

  #room(vehicles: number): void {
    if (vehicles * FIELDS <= this.#data.length) return;
    const larger = new Float32Array(this.#data.length * 2);
    larger.set(this.#data);
    this.#data = larger;
    this.#grown = true;
  }

  /** The vehicle nearest to a point of the screen, within some pixels. */
  nearest(x: number, y: number, within_px: number): string | null {
    const map = this.#map;
    if (!map) return null;
    const now = this.#now();
    let best: string | null = null;
    let least = within_px;
    for (const [id, at] of this.#index) {
      const [dx, dy] = this.#shown(at * FIELDS, now);
      const p = map.project(new MercatorCoordinate(this.#origin.x + dx, this.#origin.y + dy, 0).toLngLat());
      const away = Math.hypot(p.x - x, p.y - y);
      if (away < least) [best, least] = [id, away];
    }
    return best;
  }

  onAdd(map: LibreMap, gl: WebGLRenderingContext | WebGL2RenderingContext): void {
    this.#map = map;
    if (!(gl instanceof WebGL2RenderingContext)) return;
    this.#gl = gl;
    const program = gl.createProgram();
    for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]] as const) {
      const shader = gl.createShader(kind);
      if (!shader) return;
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    this.#program = program;
    for (const name of ["u_matrix", "u_now", "u_size", "u_color", "u_rim"]) this.#uniforms.set(name, gl.getUniformLocation(program, name));
    this.#buffer = gl.createBuffer();
    this.#array = gl.createVertexArray();
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    ["a_from", "a_to", "a_time"].forEach((name, i) => {
      const place = gl.getAttribLocation(program, name);
      gl.enableVertexAttribArray(place);
      gl.vertexAttribPointer(place, 2, gl.FLOAT, false, FIELDS * 4, i * 8);
    });
    gl.bindVertexArray(null);
    this.#grown = true;
  }

  render(_gl: WebGLRenderingContext | WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const gl = this.#gl;
    if (!gl || !this.#program || this.#index.size === 0) return;
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    if (this.#grown) gl.bufferData(gl.ARRAY_BUFFER, this.#data, gl.DYNAMIC_DRAW);
    else if (this.#dirty) {
      const [from, to] = this.#dirty;
      gl.bufferSubData(gl.ARRAY_BUFFER, from * FIELDS * 4, this.#data.subarray(from * FIELDS, (to + 1) * FIELDS));
    }
    [this.#grown, this.#dirty] = [false, null];
    // Asked for once: a question to the graphics card waits for it.
    const uniform = (name: string): WebGLUniformLocation | null => this.#uniforms.get(name) ?? null;
    gl.uniformMatrix4fv(uniform("u_matrix"), false, this.#moved(input.defaultProjectionData.mainMatrix));
    const now = this.#now();
    gl.uniform1f(uniform("u_now"), now);
    // Far away the dots are small, so that a whole city of them stays calm.
    const zoom = this.#map?.getZoom() ?? 12;
    gl.uniform1f(uniform("u_size"), this.look.size * devicePixelRatio * Math.min(1.2, Math.max(0.6, (zoom - 7) / 6)));
    gl.uniform3fv(uniform("u_color"), rgb(this.look.color));
    gl.uniform3fv(uniform("u_rim"), rgb(this.look.rim));
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.disable(gl.DEPTH_TEST);
    gl.disable(gl.STENCIL_TEST);
    gl.drawArrays(gl.POINTS, 0, this.#index.size);
    gl.bindVertexArray(null);
    if (now < this.#until) this.#goOn();
  }

  /** Asks for a frame: at once, or in a while where frames are dear or somebody is being answered. What comes meanwhile is kept. */
  #ask(): void {
    const held_ms = calm().left_ms;
    // A pause for somebody is none that drawing took.
    if (held_ms > 0) this.#last = -Infinity;
    const wait_ms = Math.max(performance.now() < this.#calmUntil ? CALM_MS : 0, held_ms);
    if (wait_ms === 0) this.#map?.triggerRepaint();
    else this.#waiting ||= window.setTimeout(() => {
      this.#waiting = 0;
      // Somebody may have gone on.
      if (calm().left_ms > 0) this.#ask();
      else this.#map?.triggerRepaint();
    }, wait_ms);
  }

  /** Asks for the frame after this one, and learns from a row of them what one takes. */
  #goOn(): void {
    const now = performance.now();
    const took = now - this.#last;
    this.#last = now;
    // A longer pause is none of drawing: the page was hidden, or nothing moved.
    if (now >= this.#calmUntil && took < CALM_MS) this.#took.push(took);
    if (this.#took.length >= FRAMES) {
      const mean = this.#took.reduce((sum, ms) => sum + ms, 0) / this.#took.length;
      this.#took = [];
      if (mean > SLOW_MS) this.#calmUntil = now + CALM_FOR_MS;
    }
    this.#ask();
  }

  /** The map's matrix with our origin put into it, in double precision: 32 bits are too few for a street. */
  #moved(matrix: ArrayLike<number>): Float32Array {
    const m = Float64Array.from(matrix);
    const { x, y } = this.#origin;
    for (let row = 0; row < 4; row += 1) m[12 + row] = (m[row] ?? 0) * x + (m[4 + row] ?? 0) * y + (m[12 + row] ?? 0);
    return Float32Array.from(m);
  }

  onRemove(): void {
    clearTimeout(this.#waiting);
    this.#gl?.deleteBuffer(this.#buffer);
    this.#gl?.deleteVertexArray(this.#array);
    this.#gl?.deleteProgram(this.#program);
    [this.#map, this.#gl] = [null, null];
  }
}
