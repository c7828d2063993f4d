// From the producer's request to the changed number on the screen, while ten thousand readings a second come in.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

const A_SECOND = 10_000;
const EVERY_MS = 250;
/** Two seconds in which the centre, which has just been started, and the page meet all this for the first time; told apart. */
const FIRST = 8;
const TURNS = 128;
const MOST_MS = 500;

test("a reading is on the screen before half a second, beside ten thousand a second", async ({ page, program, note }) => {
  const at = await page();
  const station = "SIM-P1";
  await at.visit(`/objects/air_stations/${station}?lang=en`);
  const status = await fetch(`${program.url}/api/status`).then((r) => r.json());
  const clock = { city: Date.parse(status.now), here: Date.now() };
  // Notes, by the clock of this machine, when each number was first on the screen.
  await at.page.evaluate(() => {
    window.shown = new Map();
    const look = () => {
      for (const cell of document.querySelectorAll("main table td.number")) {
        const n = /^(1\d\d|2\d\d)\.5/.exec(cell.textContent.trim());
        if (n && !window.shown.has(Number(n[1]))) window.shown.set(Number(n[1]), Date.now());
      }
    };
    new MutationObserver(look).observe(document.querySelector("main"), { subtree: true, childList: true, characterData: true });
  });
  const sent = [];
  const answers = [];
  let accepted = 0;
  const began = Date.now();
  for (let turn = 0; turn < TURNS; turn += 1) {
    await new Promise((done) => setTimeout(done, Math.max(0, began + turn * EVERY_MS - Date.now())));
    const t = new Date(clock.city + (Date.now() - clock.here)).toISOString();
    // The watched number is 100.5, 101.5, …: each is seen once.
    const value = 100.5 + turn;
    const many = Array.from({ length: (A_SECOND * EVERY_MS) / 1000 - 1 }, (_, i) => ({ id: `LOAD-${i}`, t, quantity: "pm25", value: (i % 400) / 10, unit: "ug/m3" }));
    const body = JSON.stringify([...many, { id: station, t, quantity: "pm25", value, unit: "ug/m3" }]);
    sent.push([100 + turn, Date.now()]);
    answers.push(fetch(`${program.url}/api/ingest/e2e-load`, { method: "POST", headers: { "content-type": "application/json", "idempotency-key": `turn-${began}-${turn}` }, body }).then(async (r) => {
      assert.equal(r.status, 200, await r.clone().text());
      accepted += (await r.json()).accepted;
    }));
  }
  await Promise.all(answers);
  const took = (Date.now() - began) / 1000;
  await at.page.waitForFunction((last) => window.shown.has(last), 99 + TURNS);
  const shown = new Map(await at.page.evaluate(() => [...window.shown]));
  // A number that was followed by the next before it was drawn counts until that one.
  const each = sent.map(([value, when]) => {
    let next = value;
    while (!shown.has(next)) next += 1;
    return [shown.get(next) - when, value - 100];
  }).sort((a, b) => a[0] - b[0]);
  const times = each.filter(([, turn]) => turn >= FIRST).map(([ms]) => ms);
  const first = each.filter(([, turn]) => turn < FIRST).at(-1)[0];
  const of = (share) => times[Math.min(times.length - 1, Math.ceil(times.length * share) - 1)];
  const skipped = sent.filter(([value]) => !shown.has(value)).length;
  note(`${Math.round(accepted / took)} readings/s; request to screen: median ${of(0.5)} ms, p99 ${of(0.99)} ms, at most ${of(1)} ms; ${skipped} of ${TURNS} passed over by the next; of the first two seconds at most ${first} ms`);
  assert.equal(accepted, A_SECOND * EVERY_MS / 1000 * TURNS);
  assert.ok(of(0.99) < MOST_MS, `p99 ${of(0.99)} ms`);
  assert.deepEqual(at.trouble, []);
}, { city: "fed", alone: true });
