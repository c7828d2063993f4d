// What changes by itself.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

test("a changed value reaches the screen without a jump", async ({ base, page, fault, note }) => {
  const streams = [];
  let bump = false;
  fault((url) => {
    if (url.startsWith("/api/events")) {
      return (out) => {
        out.writeHead(200, { "content-type": "text/event-stream" });
        out.write("\n");
        streams.push(out);
      };
    }
    return null;
  });
  const at = await page();
  await at.page.route("**/api/indicators/air.pm25_mean/values*", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    if (bump) for (const v of body.values) if (v.value !== null) v.value = 123.4;
    await route.fulfill({ response: answer, json: body });
  });
  await at.page.goto(`${base}/indicators/air.pm25_mean?lang=en`);
  await at.settled();
  await at.page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift" });
  });
  // In the page's own clock: from the arrival of the event to the changed number.
  await at.page.evaluate(() => {
    const source = new EventSource("/api/events?topics=values");
    source.addEventListener("values", () => (window.arrived ??= performance.now()));
    new MutationObserver(() => {
      if (/123/.test(document.querySelector(".stand b")?.textContent ?? "")) window.changed ??= performance.now();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
    return new Promise((done) => (source.onopen = done));
  });
  bump = true;
  for (const out of streams) out.write(`id: 7\nevent: values\ndata: {"indicator":"air.pm25_mean","place":"city","grain":"day","period_start":"2026-03-03T19:00:00.000000Z","value":123.4}\n\n`);
  await at.page.waitForFunction(() => /123/.test(document.querySelector(".stand b")?.textContent ?? ""));
  const took = await at.page.evaluate(() => window.changed - window.arrived);
  note(`event to screen: ${took.toFixed(0)} ms`);
  assert.ok(took < 500, `${took} ms`);
  assert.ok((await at.page.evaluate(() => window.shift)) < 0.02);
  await at.page.unrouteAll({ behavior: "ignoreErrors" });
});

test("the live city: what the centre says is on the screen", async ({ page, note }) => {
  const at = await page();
  await at.visit("/indicators/transit.vehicles_reporting?lang=en&grain=hour");
  // The page's own stream, and a second one that says what came when.
  await at.page.evaluate(() => {
    const source = new EventSource("/api/events?topics=values,vehicles");
    window.came = { values: 0, vehicles: 0 };
    for (const topic of ["values", "vehicles"]) source.addEventListener(topic, () => (window.came[topic] += 1));
  });
  await at.visit("/?lang=en&layers=vehicles");
  await at.page.waitForFunction(() => /\d+ vehicles, just now/.test(document.querySelector(".city-map .foot")?.textContent ?? ""));
  const clock = () => at.page.locator("header time, .bar time").first().innerText().catch(() => "");
  const before = await clock();
  const moved = await at.page.evaluate(() => new Promise((done) => {
    const source = new EventSource("/api/events?topics=vehicles");
    source.addEventListener("vehicles", (event) => done(JSON.parse(event.data).items.length));
  }));
  note(`${moved} vehicles in one event; clock ${before.replace(/\s+/g, " ")}`);
  assert.ok(moved > 0);
  assert.deepEqual(at.trouble, []);
}, { city: "full" });
