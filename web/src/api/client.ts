// The only folder that fetches.

import type {
  Alarm, AlarmFound, AlarmRule, Alarms, AlarmWindow, AlarmWindowWanted, AlarmWord,
  Audit, Catalog, CentreStatus, DatasetEntry, Feed, FeedHistory, Found, Imported, InsideGroup, Layer, MappingOffer, MappingTrial, ObjectCard, Passport, Place, Programme, Quarantine, RetryReport, RetryWanted, Rows, Schedules, Session,
  NewToken, OneTimePassword, SqlResult, SqlTable, TileJson, Token, TokenWanted, TrustMeasure, User, UserWanted, Values,
} from "./types";

/** An answer that is not one: the server's sentence, or none when the server could not be reached (status 0). */
export class ApiError extends Error {
  constructor(readonly status: number, sentence: string | null, readonly retryAfter: number | null = null, /** The rule that was broken, and what about. */ readonly rule: { name: string; about: string } | null = null) {
    super(sentence ?? "");
  }

  get isAbsent(): boolean {
    return this.status === 404 || this.status === 405 || this.status === 501;
  }

  get isForbidden(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

/** What a writing request carries. Every answer about the session brings the word of that session. */
let csrf = "";
function keep(found: Session): Session {
  csrf = found.csrf;
  return found;
}

/** Errors come as `{error: "…"}` or `{error: {code, message}}`. */
function sentenceOf(body: unknown): string | null {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error === "string") return error;
  const message = (error as { message?: unknown } | undefined)?.message;
  return typeof message === "string" ? message : null;
}

/** How often something is read anew while other questions have the centre's memory. */
const TRIES = 4;

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  // A form says itself where its parts end.
  if (init.body && !(init.body instanceof FormData) && !(init.body instanceof Blob)) headers["content-type"] = "application/json";
  if (init.method && csrf) headers["x-csrf"] = csrf;
  let response: Response;
  for (let tries = TRIES; ; tries -= 1) {
    try {
      response = await fetch(path, { ...init, headers });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new ApiError(0, null);
    }
    const after = Number(response.headers.get("retry-after"));
    if (response.status !== 503 || init.method || !after || tries <= 1) break;
    await new Promise((done) => setTimeout(done, after * 1000));
  }
  if (response.status === 204) return undefined as T;
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const after = Number(response.headers.get("retry-after"));
    const { rule, about } = (body ?? {}) as { rule?: string; about?: string };
    throw new ApiError(response.status, sentenceOf(body), Number.isFinite(after) && after > 0 ? after : null, rule ? { name: rule, about: about ?? "" } : null);
  }
  // A page of HTML where JSON was asked for: the route is not there.
  if (body === null) throw new ApiError(404, null);
  return body as T;
}

export type Given = Record<string, string | number | boolean | null | undefined>;

export function query(parts: Given): string {
  const given = Object.entries(parts).filter(([, v]) => v !== null && v !== undefined && v !== "" && v !== false);
  return given.length > 0 ? `?${given.map(([k, v]) => `${k}=${encodeURIComponent(String(v))}`).join("&")}` : "";
}

const id = encodeURIComponent;
export const send = (method: string, body?: unknown): RequestInit => ({ method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });

export const catalog = () => request<Catalog>("/api/catalog");
export const places = () => request<Place[]>("/api/places");
export const programmes = () => request<Programme[]>("/api/programmes");
export const feeds = () => request<Feed[]>("/api/feeds");
export const feed = (name: string) => request<FeedHistory>(`/api/feeds/${id(name)}`);
export const trust = () => request<TrustMeasure[]>("/api/feeds/trust");
export const status = () => request<CentreStatus>("/api/status");
export const values = (name: string, wanted: Given) => request<Values>(`/api/indicators/${id(name)}/values${query(wanted)}`);
export const passport = (name: string, wanted: { verify: boolean }) => request<Passport>(`/api/passport${query({ id: name, verify: wanted.verify })}`);
export const datasets = () => request<DatasetEntry[]>("/api/datasets");
export const rows = (name: string, wanted: Given) => request<Rows>(`/api/datasets/${id(name)}/rows${query(wanted)}`);

export const quarantine = (wanted: Given) => request<Quarantine>(`/api/quarantine${query(wanted)}`);
export const readAgain = (wanted: RetryWanted) => request<RetryReport>("/api/quarantine/retry", send("POST", wanted));
export const sendMended = (rows: { id: string; raw: string }[]) => request<RetryReport>("/api/quarantine/mended", send("POST", { rows }));

/** A file with what is wished of it. The wish goes first: the server knows it before the bytes come. */
function form(file: File, wish: unknown): RequestInit {
  const body = new FormData();
  body.append("wish", JSON.stringify(wish));
  body.append("file", file, file.name);
  return { method: "POST", body };
}
export interface BringWish { kind: string; mapping: unknown; spec?: unknown; feed?: string; save?: boolean }
export const proposeMapping = (file: File, wish: { dataset?: string; new?: string }) => request<MappingOffer>("/api/mapping/propose", form(file, wish));
export const previewMapping = (file: File, wish: BringWish, signal: AbortSignal) => request<MappingTrial>("/api/mapping/preview", { ...form(file, wish), signal });
export const importFile = (file: File, wish: BringWish) => request<Imported>("/api/import", form(file, wish));
export const schedules = () => request<Schedules>("/api/schedules");

export const alarms = (wanted: Given) => request<Alarms>(`/api/alarms${query(wanted)}`);
export const alarm = (name: string) => request<AlarmFound>(`/api/alarms/${id(name)}`);
export const actOnAlarm = (name: string, act: "acknowledge" | "close" | "comment", word: AlarmWord) => request<Alarm>(`/api/alarms/${id(name)}/${act}`, send("POST", word));
export const noteSound = (on: boolean) => request<void>("/api/alarm-sound", send("POST", { on }));
export const alarmRules = () => request<AlarmRule[]>("/api/alarm-rules");
export const alarmWindows = () => request<AlarmWindow[]>("/api/alarm-windows");
export const addAlarmWindow = (wanted: AlarmWindowWanted) => request<AlarmWindow>("/api/alarm-windows", send("POST", wanted));
export const endAlarmWindow = (number: number) => request<void>(`/api/alarm-windows/${number}`, send("DELETE"));

export const session = () => request<Session>("/api/session").then(keep);
export const signIn = (name: string, password: string) => request<Session>("/api/session", send("POST", { name, password })).then(keep);
export const signOut = () => request<void>("/api/session", send("DELETE"));
export const layers = () => request<Layer[]>("/api/layers");
export const object = (layer: string, name: string) => request<ObjectCard>(`/api/objects/${id(layer)}/${id(name)}`);
export const inside = (lon: number, lat: number, radius_m: number) => request<InsideGroup[]>(`/api/inside${query({ lon, lat, radius_m })}`);
export const search = (q: string, lang: string, signal: AbortSignal) => request<Found[]>(`/api/search${query({ q, lang })}`, { signal });
export const sql = (wanted: { sql: string; as_of?: string; limit?: number }) => request<SqlResult>("/api/sql", send("POST", wanted));
/** A question of a page: asked without the session when anybody may ask it. */
export const question = (wanted: { sql: string; as_of?: string; limit?: number }, who: "anybody" | "me") =>
  request<SqlResult>("/api/sql", { ...send("POST", wanted), credentials: who === "anybody" ? "omit" : "same-origin" });
export const sqlSchema = () => request<SqlTable[]>("/api/sql/schema");
export const changePassword = (password: string, new_password: string) => request<Session>("/api/session/password", send("PUT", { password, new_password })).then(keep);
export const users = () => request<User[]>("/api/users");
export const addUser = (user: UserWanted) => request<OneTimePassword>("/api/users", send("POST", user));
export const resetPassword = (name: string) => request<OneTimePassword>(`/api/users/${id(name)}/password`, send("POST"));
export const tokens = () => request<Token[]>("/api/tokens");
export const addToken = (token: TokenWanted) => request<NewToken>("/api/tokens", send("POST", token));
export const revokeToken = (name: string) => request<void>(`/api/tokens/${id(name)}`, send("DELETE"));
export const audit = (limit: number) => request<Audit>(`/api/audit${query({ limit })}`);
let base: Promise<TileJson | null> | null = null;
/** The base map; null when the server has none. Asked for once, and again while it could not be had. */
export const baseTiles = (): Promise<TileJson | null> =>
  (base ??= request<TileJson>("/tiles/base.json").then((found) => (Array.isArray(found.tiles) ? found : null), () => (base = null)));
