// The page lives: values and feeds are read again when the server says so, or when its log has grown.

import { queue } from "../api/alarms.svelte";
import { city } from "../api/city.svelte";
import { listen, type LiveState } from "../api/live";
import { readAnchor } from "../widgets/indicator/views.svelte";

const POLL_MS = 30000;
const FILLING_MS = 5000;
/** For so long after the page was opened new layers are looked for. */
const YOUNG_MS = 5 * 60_000;
/** A pushed value is shown at once; its whole row is read when the burst is over. */
const BURST_MS = 2000;

class Connection {
  state = $state<LiveState>("open");
  lastAt = $state(Date.now());
}

export const connection = new Connection();

let waiting = 0;
function soon(): void {
  if (waiting) return;
  waiting = window.setTimeout(() => {
    waiting = 0;
    city.version += 1;
    connection.lastAt = Date.now();
  }, BURST_MS);
}

async function poll(): Promise<void> {
  if (document.visibilityState !== "visible") return;
  const before = city.status.value;
  await city.status.read();
  const after = city.status.value;
  if (city.status.error) {
    connection.state = "dropped";
    return;
  }
  connection.state = connection.state === "dropped" ? "absent" : connection.state;
  connection.lastAt = Date.now();
  if (!after) return;
  city.setClock(after.now, after.demo?.speed);
  if (before?.seq === after.seq) return;
  if (before?.demo?.phase !== after.demo?.phase) await readAnchor();
  // Tables that get their first rows become layers: in a centre that has just begun that happens while somebody looks.
  if (performance.now() < YOUNG_MS) void city.layers.read();
  city.version += 1;
  void city.feeds.read();
  queue.soon();
}

/** Starts; call the answer to stop. */
export function live(): () => void {
  const tick = window.setInterval(() => city.tick(), 1000);
  let timer = 0;
  let stopped = false;
  const again = (): void => {
    const phase = city.status.value?.demo?.phase;
    const filling = phase !== undefined && phase !== "live";
    if (!stopped) timer = window.setTimeout(() => void poll().finally(again), filling ? FILLING_MS : POLL_MS);
  };
  const stop = listen({
    values: (event) => {
      if (event) city.push(event);
      soon();
    },
    feeds: () => void city.feeds.read(),
    rows: (datasets) => city.touch(datasets),
    alarms: () => queue.soon(),
    state: (state) => {
      const was = connection.state;
      connection.state = state;
      if (state === "open" && was === "dropped") soon();
    },
  });
  again();
  return () => {
    stopped = true;
    clearInterval(tick);
    clearTimeout(timer);
    stop();
  };
}
