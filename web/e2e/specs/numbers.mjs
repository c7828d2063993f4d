// Numbers, their way back, time, search, export: on the small city, whose values are known.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

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
  assert.match(await at.page.locator("main").innerText(), /has not been computed|had not been computed then/);
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

const taken = async (at, click) => {
  const [file] = await Promise.all([at.page.waitForEvent("download"), click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  return [file.suggestedFilename(), Buffer.concat(chunks)];
};

test("a page of PDF and pictures are taken away", async ({ page }) => {
  const at = await page();
  for (const [path, name] of [["/indicators/air.pm25_mean?lang=kk", "air.pm25_mean"], ["/?lang=kk", "now"]]) {
    await at.visit(path);
    const [file, bytes] = await taken(at, () => at.page.locator("a[aria-label='Бетті PDF түрінде жүктеу']").click());
    assert.equal(file, `${name}.pdf`);
    assert.equal(bytes.subarray(0, 8).toString("latin1"), "%PDF-1.7");
    assert.match(bytes.toString("latin1"), /\/Lang \(kk\)/);
    assert.equal(bytes.toString("latin1").match(/\/Type \/Page\n/g)?.length, 1);
  }
  await at.visit("/indicators/air.pm25_mean?lang=en");
  await at.page.locator(".chart canvas").waitFor();
  const wide = await at.page.locator(".chart canvas").evaluate((canvas) => canvas.clientWidth);
  const width = (bytes) => {
    assert.equal(bytes.subarray(1, 4).toString("latin1"), "PNG");
    return bytes.readUInt32BE(16);
  };
  const [chart, chartBytes] = await taken(at, () => at.page.locator("button[aria-label='Download picture']").click());
  assert.equal(chart, "air.pm25_mean.png");
  assert.ok(width(chartBytes) >= 2 * wide, "the chart at twice its size");
  const [map, mapBytes] = await taken(at, () => at.page.locator("button[aria-label='Download picture of the map']").click());
  assert.equal(map, "air.pm25_mean-map.png");
  assert.ok(width(mapBytes) >= 900 && mapBytes.length > 10_000, `the map at twice its size: ${width(mapBytes)} px, ${mapBytes.length} bytes`);
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
