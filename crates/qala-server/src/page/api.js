// The only module that fetches.

/** An answer that is not one: a sentence of the server, or none when the server could not be reached. */
export class ApiError extends Error {
  constructor(status, sentence) {
    super(sentence ?? "");
    this.status = status;
  }
}

async function get(path) {
  let response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" } });
  } catch {
    throw new ApiError(0, null);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, body?.error);
  if (body === null) throw new ApiError(response.status, null);
  return body;
}

const query = (parts) => {
  const given = Object.entries(parts).filter(([, value]) => value);
  const text = given.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  return text ? `?${text}` : "";
};

export const catalog = () => get("/api/catalog");
export const places = () => get("/api/places");
export const feeds = () => get("/api/feeds");
export const trust = () => get("/api/feeds/trust");
export const trustOf = (id) => get(`/api/feeds/${encodeURIComponent(id)}/trust`);
export const status = () => get("/api/status");
export const values = (id, grain, from) => get(`/api/indicators/${encodeURIComponent(id)}/values${query({ grain, from })}`);
export const passport = (id, verify) => get(`/api/passport${query({ id, verify: verify ? "true" : null })}`);
export const datasets = () => get("/api/datasets");
export const rows = (name, wanted) => get(`/api/datasets/${encodeURIComponent(name)}/rows${query(wanted)}`);
