// Measurements: `npm run measure [-- full]`. Prints figures, and ends with 1 when one is beyond what is asked for. Times of the main thread
// are its own processor time, so that a busy machine does not change them; the others are by the clock, beside the load of the machine.

import { loadavg } from "node:os";
import { findChromium, open } from "./browser.mjs";
import { cities } from "./program.mjs";
import { driver } from "./driver.mjs";
import { serve } from "./serve.mjs";

const missing = findChromium();
if (missing) {
  console.log(`skipped: measure: ${missing}`);
  process.exit(0);
}
const kind = process.argv[2] ?? "small";
const town = cities();
const program = await town.get(kind);
let broken = () => null;
// What a browser gets of the program itself, packed as it packs it.
const proxy = await serve(program.url, 0, (url) => broken(url), true);
const browser = await open();
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const beyond = [];
function figure(what, value, most, unit) {
  const isBeyond = value > most;
  if (isBeyond) beyond.push(what);
  console.log(`${isBeyond ? "BEYOND" : "ok    "}  ${what}: ${value.toFixed(value < 20 ? 1 : 0)} ${unit} (at most ${most}); load ${loadavg()[0].toFixed(1)}`);
}
async function page(size, options) {
  const made = await browser.page(size, options);
  const session = await made.context.newCDPSession(made.page);
  return { ...made, ...driver(made.page, proxy.url), session };
}

// The first screen, with nothing kept: from the address to the first sentence about the city.
const firsts = [];
let bytes = 0;
for (let turn = 0; turn < 5; turn += 1) {
  const at = await page("laptop");
  bytes = 0;
  await at.session.send("Network.enable");
  at.session.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
  // A new window loads the browser's own parts, which take as much as the page: who opens the centre has a window.
  await at.page.waitForTimeout(2500);
  const began = Date.now();
  await at.page.goto(`${proxy.url}/?lang=kk`);
  await at.page.waitForFunction(() => document.querySelector("main h1")?.textContent.trim() && document.querySelector("main a.value"));
  firsts.push(Date.now() - began);
  await at.settled();
  await at.page.waitForTimeout(1500);
  await at.context.close();
}
figure("first screen, from the address to its first numbers", median(firsts), 1500, "ms");
figure("first screen, all that is sent with an empty cache", bytes / 1000, 700, "kB");

// Many charts, warm: from the click to the last chart.
{
  const at = await page("laptop");
  await at.visit("/?lang=en");
  const times = [];
  let n = 0;
  for (let turn = 0; turn < 5; turn += 1) {
    await at.page.locator("nav.rail a[href^='/workbench']").click();
    await at.page.waitForFunction(() => location.pathname === "/workbench" && document.querySelector("main h1"));
    const [took, charts] = await at.page.evaluate(() => new Promise((done) => {
      const began = performance.now();
      document.querySelector("nav.rail a[href='/'], nav.rail a[href^='/?']").click();
      let before = -1;
      const look = () => {
        const charts = document.querySelectorAll("main .trend svg").length;
        if (charts > 0 && charts === before && !document.querySelector("main .ghost")) done([performance.now() - began, charts]);
        else requestAnimationFrame(look);
        before = charts;
      };
      requestAnimationFrame(look);
    }));
    times.push(took);
    n = charts;
  }
  figure(`a page of ${n} charts, warm`, median(times), 1000, "ms");
  await at.context.close();
}

// Every subject and district, warm: from the click until nothing is asked for any more and nothing is missing.
{
  const at = await page("laptop");
  await at.page.addInitScript(() => {
    const asked = window.fetch;
    window.open_asks = 0;
    window.fetch = (...given) => {
      window.open_asks += 1;
      return asked(...given).finally(() => (window.open_asks -= 1));
    };
  });
  await at.visit("/districts?lang=en");
  const ids = (kind) => at.page.evaluate((of) => fetch(`/api/${of}`).then((r) => r.json()).then((found) => found.map?.((p) => p.place_id) ?? [...new Set(found.indicators.map((i) => i.subject))]), kind);
  const paths = [...(await ids("catalog")).map((id) => `/subjects/${id}`), ...(await ids("places")).map((id) => `/districts/${id}`)];
  const took = async (path) => at.page.evaluate((to) => new Promise((done) => {
    const began = performance.now();
    const link = Object.assign(document.createElement("a"), { href: `${to}?lang=en` });
    document.querySelector("main").append(link);
    link.click();
    link.remove();
    let since = null;
    const look = () => {
      const isThere = location.pathname === to && document.querySelector("main h1")?.textContent.trim() && !document.querySelector("main .ghost") && window.open_asks === 0;
      since = isThere ? (since ?? performance.now()) : null;
      if (since !== null && performance.now() - since > 300) done(since - began);
      else if (performance.now() - began > 30_000) done(Infinity);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }), path);
  const all = new Map(paths.map((path) => [path, []]));
  for (const turn of ["cold", "warm", "again", "once more"]) {
    for (const path of paths) {
      const ms = await took(path);
      if (turn !== "cold") all.get(path).push(ms);
      // Who clicks has looked at the page before: its map is drawn.
      await at.page.waitForTimeout(1500);
    }
  }
  const times = [...all].map(([path, list]) => [median(list), path]);
  times.sort((a, b) => b[0] - a[0]);
  figure(`${times.length} pages of subjects and districts, warm: the slowest (${times[0][1]})`, times[0][0], 1000, "ms");
  console.log(`        ${times.map(([ms, path]) => `${path} ${ms.toFixed(0)}`).join(", ")}`);
  await at.context.close();
}

// From a click or a key to the next paint, as the browser itself sees it: of each interaction its slowest event, of each visit its
// slowest interaction, and of the visits the third quarter, as pages are judged by (INP; a visit has fewer than fifty). Nobody presses
// on a beat: the pauses are of a fixed row.
{
  const ROUNDS = 8;
  const at = await page("laptop");
  at.page.setDefaultTimeout(20_000);
  let draw = 7;
  const pause = () => {
    draw = (draw * 16807) % 2147483647;
    return at.page.waitForTimeout(400 + (draw % 1000));
  };
  const [all, visits, failed] = [[], [], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    await at.visit("/?lang=en");
    await at.page.evaluate(() => {
      window.slowest = {};
      new PerformanceObserver((list) => list.getEntries().forEach((e) => {
        if (e.interactionId && e.duration > (window.slowest[e.interactionId]?.ms ?? 0)) window.slowest[e.interactionId] = { ms: e.duration, on: `${e.name} on ${String(e.target?.className ?? "").slice(0, 30)}` };
      })).observe({ type: "event", durationThreshold: 16, buffered: true });
    });
    for (const act of [
      () => at.chooseLanguage("ru"),
      () => at.chooseLanguage("en"),
      () => at.page.locator("button[aria-label='Layers']").first().click(),
      () => at.page.locator(".city-map .menu input[type=checkbox]").first().click(),
      () => at.page.locator(".time input[type=range]").press("ArrowLeft"),
      () => at.page.keyboard.press("Control+k"),
      () => at.page.locator("dialog input").pressSequentially("air"),
      // The first clears what was typed, the second closes.
      () => at.page.keyboard.press("Escape"),
      () => at.page.keyboard.press("Escape"),
      () => at.openFirstNumber(),
      () => at.page.keyboard.press("Escape"),
      () => at.page.locator("nav.rail a[href^='/districts']").click(),
      () => at.page.locator("nav.rail a[href^='/data']").click(),
    ]) {
      await act().catch((error) => failed.push(`${act} (${error.message.split("\n").slice(0, 12).join(" ").slice(0, 300)})`));
      await pause();
    }
    const found = Object.values(await at.page.evaluate(() => window.slowest)).sort((a, b) => b.ms - a.ms);
    all.push(...found);
    visits.push(found[0]?.ms ?? Infinity);
  }
  all.sort((a, b) => b.ms - a.ms);
  visits.sort((a, b) => a - b);
  figure(`interaction to next paint, the slowest of a visit, third quarter of ${ROUNDS} visits`, failed.length > 0 ? Infinity : visits[Math.ceil(ROUNDS * 0.75) - 1], 200, "ms");
  for (const act of failed) console.log(`        not possible: ${act}`);
  console.log(`        the slowest of each visit: ${visits.join(", ")}; of all ${all.length} interactions: ${all.slice(0, 8).map(({ ms, on }) => `${ms} (${on})`).join(", ")}; median ${median(all.map(({ ms }) => ms))}`);
  await at.context.close();
}

// Ten thousand vehicles that move: what an update takes of the main thread.
{
  const streams = new Set();
  broken = (url) => (url.startsWith("/api/events") ? (out) => {
    out.writeHead(200, { "content-type": "text/event-stream" });
    out.write("\n");
    streams.add(out);
    out.on("close", () => streams.delete(out));
  } : null);
  const at = await page("laptop");
  await at.page.goto(`${proxy.url}/?lang=en&layers=vehicles`);
  await at.page.locator(".city-map .buttons").waitFor();
  await at.page.waitForTimeout(2500);
  await at.session.send("Performance.enable", { timeDomain: "threadTicks" });
  const spent = async () => {
    const { metrics } = await at.session.send("Performance.getMetrics");
    const of = (name) => metrics.find((m) => m.name === name).value * 1000;
    return { script: of("ScriptDuration"), task: of("TaskDuration") };
  };
  const moved = (turn) => ({ t: new Date().toISOString(), seq: turn, items: Array.from({ length: 10_000 }, (_, i) => ({ id: `v${i}`, lon: 76.85 + (i % 100) * 0.002 + turn * 1e-4, lat: 43.2 + Math.floor(i / 100) * 0.001 })) });
  const costs = [];
  for (let turn = 0; turn < 24; turn += 1) {
    const text = `id: ${turn}\nevent: vehicles\ndata: ${JSON.stringify(moved(turn))}\n\n`;
    // A second like this one without an update, to take off what goes on anyhow.
    const a = await spent();
    await at.page.waitForTimeout(700);
    const b = await spent();
    for (const out of streams) out.write(text);
    await at.page.waitForTimeout(700);
    const c = await spent();
    if (turn > 1) costs.push({ script: c.script - b.script - (b.script - a.script), task: c.task - b.task - (b.task - a.task) });
  }
  await at.page.getByText("10,000 vehicles").or(at.page.getByText(/1\d,\d{3} vehicles/)).first().waitFor({ timeout: 15000 });
  figure("10,000 moving vehicles: script of the main thread for an update", median(costs.map((c) => c.script)), 8, "ms");
  console.log(`        all tasks of the main thread for an update, with drawing: ${median(costs.map((c) => c.task)).toFixed(1)} ms; each: ${costs.map((c) => c.script.toFixed(1)).join(", ")}`);
  await at.context.close();
}

await browser.close();
await proxy.stop();
await town.stop();
console.log(beyond.length === 0 ? "all within what is asked for" : `beyond: ${beyond.join("; ")}`);
process.exit(beyond.length === 0 ? 0 : 1);
