// Live changes by server-sent events. The browser resumes a dropped connection with the last id; a server without events is
// asked again and again instead.

import type { ValueEvent } from "./types";
import type { Packed } from "./vehicles.worker";

export type LiveState = "open" | "dropped" | "absent";

export interface LiveHandlers {
  /** A changed value; null when it is not said which. */
  values?: (event: ValueEvent | null) => void;
  feeds?: () => void;
  /** Datasets that got rows; null when some may have. */
  rows?: (datasets: readonly string[] | null) => void;
  /** Alarms changed; which ones is asked for. */
  alarms?: () => void;
  /** True while the stream stands. */
  state: (state: LiveState) => void;
}

/** A line that cannot be read is left; the next one comes. */
function parsed<T>(data: string): T | null {
  try {
    return JSON.parse(data) as T;
  } catch {
    return null;
  }
}

/** Listens until the returned function is called. */
export function listen(handlers: LiveHandlers): () => void {
  const topics = (["values", "feeds", "rows", "alarms"] as const).filter((topic) => handlers[topic]);
  const source = new EventSource(`/api/events?topics=${topics.join(",")}`);
  let opened = false;
  const on = (name: string, act: (data: string) => void): void => source.addEventListener(name, (event) => act((event as MessageEvent<string>).data));
  source.onopen = () => {
    opened = true;
    handlers.state("open");
  };
  source.onerror = () => {
    // Closed for good and never opened: the route is not there.
    if (source.readyState === EventSource.CLOSED && !opened) handlers.state("absent");
    else handlers.state("dropped");
  };
  on("values", (data) => handlers.values?.(parsed<ValueEvent>(data)));
  on("feeds", () => handlers.feeds?.());
  on("rows", (data) => handlers.rows?.(parsed<{ datasets: string[] }>(data)?.datasets ?? null));
  on("alarms", () => handlers.alarms?.());
  on("reset", () => {
    handlers.rows?.(null);
    handlers.values?.(null);
    handlers.feeds?.();
    handlers.alarms?.();
  });
  return () => source.close();
}

/** Listens to vehicles, beside the page, until the returned function is called. */
export function listenToVehicles(handlers: { moved: (packed: Packed) => void }): () => void {
  const worker = new Worker(new URL("./vehicles.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Packed>) => handlers.moved(data);
  return () => worker.terminate();
}

export type { Packed };
