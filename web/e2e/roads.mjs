// What happens on the roads, pushed as a table to the feed of the centre `room`.

const HEAD = "incident_id,t,kind,street_id,place_id,lon,lat,closed_share,ended_at";

/** The clock of the centre: what it says now, going on by the clock of this machine. */
export async function clockOf(program) {
  const status = await fetch(`${program.url}/api/status`).then((r) => r.json());
  const apart = Date.parse(status.now) - Date.now();
  return () => new Date(Date.now() + apart).toISOString();
}

/** Pushes events and answers the receipt; waits where the centre asks to. */
export async function push(program, now, events) {
  const rows = events.map(({ id, street, closed, place = "bostandyk", lon = 76.9, lat = 43.23, kind = "crash" }) => `${id},${now()},${kind},${street},${place},${lon},${lat},${closed},`);
  const body = `${HEAD}\n${rows.join("\n")}\n`;
  for (;;) {
    const answer = await fetch(`${program.url}/api/ingest/e2e-roads`, { method: "POST", headers: { "content-type": "text/csv" }, body });
    if (answer.status === 200) return answer.json();
    if (answer.status !== 429) throw new Error(`${answer.status}: ${await answer.text()}`);
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get("retry-after") ?? 1)));
  }
}
