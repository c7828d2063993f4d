// Live changes by server-sent events. The browser resumes a dropped connection with the last id; a server without events is
// asked again and again instead.

import type { VehicleEvent } from "./types";

export type LiveState = "open" | "dropped" | "absent";

export interface LiveHandlers {
  values?: () => void;
  feeds?: () => void;
  vehicles?: (event: VehicleEvent) => void;
  /** True while the stream stands. */
  state: (state: LiveState) => void;
}

/** Listens until the returned function is called. */
export function listen(handlers: LiveHandlers): () => void {
  const topics = (["values", "feeds", "vehicles"] as const).filter((topic) => handlers[topic]);
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
  on("values", () => handlers.values?.());
  on("feeds", () => handlers.feeds?.());
  on("reset", () => {
    handlers.values?.();
    handlers.feeds?.();
  });
  on("vehicles", (data) => {
    try {
      handlers.vehicles?.(JSON.parse(data) as VehicleEvent);
    } catch {
      // A line that cannot be read is left; the next one comes.
    }
  });
  return () => source.close();
}
