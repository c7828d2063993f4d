// What the screen promises, driven in a real browser against the real program.

import assert from "node:assert/strict";
import { LANGS, PAGES, withLang } from "./driver.mjs";

export const specs = [];
const test = (name, run) => specs.push([name, run]);
const LATIN_OR_CYRILLIC = { kk: /[ӘҒҚҢӨҰҮҺІәғқңөұүһі]/, ru: /[А-я]/, en: /[A-z]/ };

for (const lang of LANGS) {
  test(`every page in ${lang}`, async ({ page }) => {
    const found = [];
    for (const [name, path] of PAGES) {
      const at = await page(name === "wall" ? "wall" : "laptop");
      await at.visit(withLang(path, lang));
      assert.equal(await at.lang(), lang);
      assert.ok((await at.heading()).trim().length > 0, `${name}: no heading`);
      const text = await at.page.locator("main").innerText();
      assert.match(text, LATIN_OR_CYRILLIC[lang], `${name}: nothing in ${lang}`);
      assert.doesNotMatch(text, /undefined|NaN|\[object|\{\w+\}/, `${name}: ${/.{0,30}(undefined|NaN|\[object|\{\w+\}).{0,30}/.exec(text)?.[0]}`);
      found.push(...(await at.hindrances()).map((h) => `${name}: ${h}`), ...at.trouble.map((t) => `${name}: ${t}`));
      await at.context.close();
    }
    assert.deepEqual(found, []);
  });
}

test("a phone can use every page without scrolling sideways", async ({ page }) => {
  const at = await page("phone");
  for (const [name, path] of PAGES) {
    if (name === "wall") continue;
    await at.visit(withLang(path, "kk"));
    const wide = await at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    assert.ok(wide <= 0, `${name} is ${wide} px too wide`);
  }
});

test("dark, low vision: nothing hinders", async ({ page }) => {
  const at = await page("laptop", { colorScheme: "dark" });
  await at.page.addInitScript(() => localStorage.setItem("qala-low-vision", "on"));
  for (const [name, path] of PAGES.slice(0, 12)) {
    await at.visit(withLang(path, "kk"));
    assert.deepEqual(await at.hindrances(), [], name);
  }
});

test("the language is chosen, kept in the address, and kept", async ({ page }) => {
  const at = await page();
  await at.visit("/");
  assert.equal(await at.lang(), "kk");
  await at.chooseLanguage("ru");
  assert.equal(await at.param("lang"), "ru");
  await at.page.locator("nav.rail a[href^='/districts']").click();
  await at.settled();
  assert.equal(await at.param("lang"), "ru");
  await at.visit("/data");
  assert.equal(await at.lang(), "ru");
});

test("the walk back: number, passport, rows, message, verify", async ({ page }) => {
  const at = await page();
  await at.visit("/indicators/air.pm25_mean?lang=en");
  await at.openFirstNumber();
  await at.passport().waitFor();
  for (const tab of ["formula", "data", "rows", "history"]) {
    await at.tab(tab);
    await at.page.waitForFunction(() => !document.querySelector(".panel .ghost"));
    assert.ok((await at.page.locator("#passport-panel").innerText()).length > 40, tab);
  }
  assert.match(await at.verify(), /Equal, bit for bit/);
  await at.page.keyboard.press("Escape");
  await at.passport().waitFor({ state: "detached" });
  assert.equal(await at.param("passport"), null);
});

test("search finds in any language, without Kazakh letters too", async ({ page }) => {
  const at = await page();
  await at.visit("/?lang=kk");
  // «қоғамдық» on a keyboard without Қ and Ғ.
  await at.search("когамдык");
  await at.page.locator("dialog input").fill("орташа концентр");
  await at.page.locator("#found li", { hasText: "PM2.5 орташа" }).waitFor();
  await at.takeFirst();
  await at.page.waitForURL(/indicators\/air\.pm25_mean/);
});

test("time: a moment in the past holds from page to page", async ({ page }) => {
  const at = await page();
  await at.visit("/indicators/air.pm25_mean?lang=en&at=2026-03-03T12:00");
  const text = await at.page.locator(".stand").first().innerText();
  assert.match(text, /65\.3|99\.2/);
  await at.page.locator("nav.rail a[href^='/districts']").click();
  await at.settled();
  assert.equal(await at.param("at"), "2026-03-03T12:00");
  await at.page.locator(".time .what button").click();
  assert.equal(await at.param("at"), null);
});

test("as we knew it then: what was computed later is not shown", async ({ page }) => {
  const at = await page();
  await at.visit("/indicators/air.pm25_mean?lang=en&as_of=2026-03-05T00:00");
  assert.match(await at.page.locator("main").innerText(), /had not been computed then|cannot give past knowledge/);
});

test("the time slider moves with the keyboard", async ({ page }) => {
  const at = await page();
  await at.visit("/?lang=en");
  await at.page.locator(".time input[type=range]").focus();
  await at.page.keyboard.press("ArrowLeft");
  await at.page.waitForFunction(() => new URL(location.href).searchParams.has("at"));
});

test("a trend is read and opened with the keyboard; T shows the table", async ({ page }) => {
  const at = await page();
  await at.visit("/indicators/air.pm25_mean?lang=en");
  await at.page.keyboard.press("t");
  await at.page.locator("main table").waitFor();
  await at.page.keyboard.press("t");
  const plot = at.page.locator(".chart .plot");
  await at.page.locator(".chart canvas").waitFor();
  await plot.focus();
  await at.page.keyboard.press("ArrowLeft");
  assert.match(await plot.getAttribute("aria-valuetext"), /3\sMar\s2026: 99\.2/);
  await at.page.keyboard.press("Enter");
  await at.passport().waitFor();
});

test("what is on the screen is exported", async ({ page }) => {
  const at = await page();
  await at.visit("/indicators/air.pm25_mean?lang=en");
  const [file] = await Promise.all([at.page.waitForEvent("download"), at.page.locator("button[aria-label='Download CSV']").click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString("utf8");
  assert.match(text, /^\ufeffplace,name,period_start/);
  assert.match(text, /99\.20574284511784/);
});

test("rows are sorted and searched by the server", async ({ page }) => {
  const at = await page();
  await at.visit("/data/air_stations?lang=en&order=-station_id");
  assert.equal(await at.page.locator("th[aria-sort]").getAttribute("aria-sort"), "descending");
  await at.page.locator("main input[type=search]").fill("SIM-P1");
  await at.page.waitForFunction(() => document.querySelectorAll("main tbody tr").length === 1);
});

test("links open without loading the page again, and the way back works", async ({ page }) => {
  const at = await page();
  await at.visit("/?lang=en");
  await at.page.evaluate(() => (window.mark = 1));
  await at.page.locator("nav.rail a[href^='/data']").click();
  await at.settled();
  await at.page.goBack();
  await at.settled();
  assert.equal(await at.page.evaluate(() => window.mark), 1);
});

test("the map is drawn and names districts; the circle asks what is inside", async ({ page }) => {
  const at = await page();
  await at.visit("/districts/bostandyk?lang=en");
  await at.page.locator(".city-map .buttons").waitFor();
  await at.page.locator("button[aria-label='What is inside']").click();
  await at.page.locator(".inside .segments button").last().click();
  await at.page.waitForFunction(() => /Air stations: \d+/.test(document.querySelector(".inside")?.textContent ?? ""));
});

test("a server error is said, the rest works, and it mends", async ({ page, fault }) => {
  fault((url) => (url.startsWith("/api/feeds") ? 500 : null));
  const at = await page();
  await at.visit("/data?lang=en");
  await at.page.getByText("The centre could not answer: the test says no.").first().waitFor();
  fault(() => null);
  await at.page.getByRole("button", { name: "Try again" }).first().click();
  await at.page.locator("main table").waitFor();
});

test("no right to see is said, with whom to ask", async ({ page, fault }) => {
  fault((url) => (url.startsWith("/api/users") ? 403 : null));
  const at = await page();
  await at.visit("/admin?lang=en");
  await at.page.getByText("You may not see this.").waitFor();
});

test("the program is down: one sentence, and it comes back", async ({ base, page, fault }) => {
  fault((url) => (url.startsWith("/api/") ? "drop" : null));
  const at = await page();
  await at.page.goto(`${base}/?lang=en`);
  await at.page.getByText("The centre does not answer").waitFor();
  fault(() => null);
  await at.page.getByRole("button", { name: "Try again" }).click();
  await at.settled();
});

test("a dropped connection is said, and mends by itself", async ({ base, page, fault }) => {
  let live = (out) => {
    out.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    out.write("retry: 300\n\nid: 1\nevent: status\ndata: {}\n\n");
    streams.push(out);
  };
  const streams = [];
  fault((url) => (url.startsWith("/api/events") ? (live ?? "drop") : null));
  const at = await page();
  await at.page.goto(`${base}/data?lang=en`);
  await at.settled();
  const stand = live;
  live = null;
  for (const out of streams.splice(0)) out.destroy();
  await at.page.getByText("The connection was lost").waitFor();
  live = stand;
  await at.page.getByText("The connection was lost").waitFor({ state: "detached" });
});

test("a changed value reaches the screen without a jump", async ({ base, page, fault }) => {
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
  console.log(`        event to screen: ${took.toFixed(0)} ms`);
  assert.ok(took < 500, `${took} ms`);
  assert.ok((await at.page.evaluate(() => window.shift)) < 0.02);
  await at.page.unrouteAll({ behavior: "ignoreErrors" });
});

test("suppressed counts are shown as <5, with why", async ({ base, page }) => {
  const at = await page();
  await at.page.route("**/api/indicators/transit.scheduled_trips/values*", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    for (const v of body.values) Object.assign(v, { value: null, reason: "suppressed", status: null });
    await route.fulfill({ response: answer, json: body });
  });
  await at.page.goto(`${base}/indicators/transit.scheduled_trips?lang=en`);
  await at.settled();
  assert.match(await at.page.locator(".stand").first().innerText(), /<5/);
  await at.page.getByText("suppressed").first().waitFor();
});

test("an empty centre says what would be here, and how to get it", async ({ base, page }) => {
  const at = await page();
  await at.page.route("**/api/indicators/*/values*", (route) => route.fulfill({ json: { indicator: "x", grain: "day", values: [] } }));
  await at.page.goto(`${base}/?lang=en`);
  await at.settled();
  await at.page.getByText("qala demo").waitFor();
});

test("the first screen: under 700 KB compressed, no layout jumps", async ({ base, page }) => {
  const at = await page();
  const session = await at.context.newCDPSession(at.page);
  await session.send("Network.enable");
  let bytes = 0;
  session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  await at.page.addInitScript(() => {
    window.shift = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) window.shift += e.value; })).observe({ type: "layout-shift", buffered: true });
  });
  const started = Date.now();
  await at.page.goto(`${base}/?lang=kk`);
  await at.page.locator("main h1").waitFor();
  const heading = Date.now() - started;
  await at.settled();
  await at.page.waitForTimeout(3000);
  const shift = await at.page.evaluate(() => window.shift);
  const paint = await at.page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0);
  console.log(`        ${(bytes / 1000).toFixed(0)} kB, first paint ${paint.toFixed(0)} ms, first sentence ${heading} ms, shift ${shift.toFixed(3)}`);
  assert.ok(bytes < 700_000, `${bytes} bytes`);
  assert.ok(shift < 0.1, `layout shift ${shift}`);
});

test("10,000 moving vehicles: an update costs the main thread little", async ({ base, page, fault }) => {
  const streams = [];
  fault((url) => (url.startsWith("/api/events") ? (out) => {
    out.writeHead(200, { "content-type": "text/event-stream" });
    out.write("\n");
    streams.push(out);
  } : null));
  const at = await page();
  await at.page.goto(`${base}/?lang=en&layers=vehicles`);
  await at.page.locator(".city-map .buttons").waitFor();
  await at.page.waitForTimeout(1000);
  const session = await at.context.newCDPSession(at.page);
  await session.send("Performance.enable");
  const script = async () => (await session.send("Performance.getMetrics")).metrics.find((m) => m.name === "ScriptDuration").value * 1000;
  const costs = [];
  for (let turn = 0; turn < 8; turn += 1) {
    const items = Array.from({ length: 10_000 }, (_, i) => ({ id: `v${i}`, lon: 76.85 + (i % 100) * 0.002 + turn * 1e-4, lat: 43.2 + Math.floor(i / 100) * 0.001 }));
    const before = await script();
    for (const out of streams) out.write(`id: ${turn}\nevent: vehicles\ndata: ${JSON.stringify({ t: "2026-03-04T12:00:00Z", seq: turn, items })}\n\n`);
    await at.page.waitForTimeout(700);
    costs.push((await script()) - before);
  }
  await at.page.getByText("10,000 vehicles").waitFor();
  costs.sort((a, b) => a - b);
  console.log(`        script per update of 10,000 (with frames of 0.7 s): ${costs.map((c) => c.toFixed(1)).join(", ")} ms`);
});
