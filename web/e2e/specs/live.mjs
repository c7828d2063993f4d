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
  // Notes, in the page's own clock, when the event arrives at the page.
  await at.page.addInitScript(() => {
    const listen = EventSource.prototype.addEventListener;
    EventSource.prototype.addEventListener = function (name, act, ...rest) {
      return listen.call(this, name, (event) => {
        if (name === "values") window.arrived ??= performance.now();
        act(event);
      }, ...rest);
    };
  });
  await at.page.goto(`${base}/indicators/air.pm25_mean?lang=en`);
  await at.settled();
  await at.page.evaluate(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => (window.shift += e.value))).observe({ type: "layout-shift" });
  });
  // In the page's own clock: from the arrival of the event to the changed number.
  await at.page.evaluate(() => {
    new MutationObserver(() => {
      if (/123/.test(document.querySelector(".stand b")?.textContent ?? "")) window.changed ??= performance.now();
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  bump = true;
  for (const out of streams) out.write(`id: 7\nevent: values\ndata: {"indicator":"air.pm25_mean","place":"city","grain":"day","period_start":"2026-03-03T19:00:00.000000Z","value":123.4}\n\n`);
  await at.page.waitForFunction(() => /123/.test(document.querySelector(".stand b")?.textContent ?? ""));
  const took = await at.page.evaluate(() => window.changed - window.arrived);
  note(`event to screen: ${took.toFixed(0)} ms`);
  assert.ok(took < 500, `${took} ms`);
  assert.ok((await at.page.evaluate(() => window.shift)) < 0.02);
  await at.page.unrouteAll({ behavior: "ignoreErrors" });
}, { alone: true });

test("the live city: vehicles are where they were just now, and go on", async ({ page, program, note }) => {
  const at = await page();
  const isFresh = () => /\d vehicles?, just now/.test(document.querySelector(".city-map .foot")?.textContent ?? "");
  const asked = [];
  at.page.on("request", (request) => /transit_vehicle_positions/.test(request.postData() ?? "") && asked.push(request.url()));
  // The centre tells who moved: hundreds at a time, again and again.
  const stream = await fetch(`${program.url}/api/events?topics=vehicles`, { headers: { accept: "text/event-stream" } });
  const pushed = [];
  const heard = (async () => {
    let text = "";
    for await (const bytes of stream.body.pipeThrough(new TextDecoderStream())) {
      text += bytes;
      const events = text.split("\n\n");
      text = events.pop();
      for (const event of events) if (/^event: ?vehicles/m.test(event)) pushed.push(JSON.parse(/^data: ?(.*)$/m.exec(event)[1]).items.length);
      if (pushed.filter((n) => n > 100).length > 2) return;
    }
  })();
  await at.visit("/?lang=en&layers=vehicles");
  await at.page.waitForFunction(isFresh);
  note((await at.page.locator(".city-map .foot").innerText()).replace(/\s+/g, " "));
  await Promise.race([heard, new Promise((_, no) => setTimeout(() => no(new Error(`no vehicles were told: ${pushed.join(", ")}`)), 120_000))]);
  note(`vehicles that moved, by event: ${pushed.join(", ")}`);
  // The map hears them too: it asks once, and is fresh without asking again.
  const before = asked.length;
  await at.page.waitForTimeout(20_000);
  await at.page.waitForFunction(isFresh);
  assert.equal(asked.length, before, "the map asked although it was told");
  assert.deepEqual(at.trouble, []);
}, { city: "full" });
