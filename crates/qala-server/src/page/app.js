// Wiring: what is known, the address, reading and reading again. Drawing lies in page.js, rows.js, feeds.js, passport.js.

import * as api from "./api.js";
import { drawBar } from "./bar.js";
import { asOf, CITY, grainFor, viewOf } from "./data.js";
import { demoPart, isMoving } from "./demo.js";
import { byId } from "./dom.js";
import { earlier } from "./format.js";
import { language, placeName, setLanguage, t, words } from "./i18n.js";
import { loading, page, RANGES, trouble } from "./page.js";
import { passportId, passportPanel, TABS } from "./passport.js";
import { namer } from "./rows.js";

const REFRESH_MS = 60000;
const MOVING_MS = 3000;
const DAY_MS = 86400000;

const known = { grain: "day", catalog: null, places: [], feeds: [], feedsError: null, trust: [], status: null, results: new Map(), read: null };
const tables = { all: false, one: new Set(), has: (id) => tables.one.has(id), drawn: new Map() };
const shownTexts = new Map();
let anchor = null;
let refreshFailed = false;
let reading = 0;

// The address: ?lang&grain&range in the query, the passport behind #.

const USUAL_RANGE = { minute15: "1d", hour: "1d", day: "30d" };

function choice() {
  const query = new URLSearchParams(location.search);
  const range = query.get("range");
  const grain = query.get("grain") ?? known.grain;
  return { grain, range: range in RANGES ? range : (USUAL_RANGE[grain] ?? "all") };
}

function writeAddress(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries({ lang: language(), ...changes })) query.set(name, value);
  history.replaceState(null, "", `?${query}${location.hash}`);
}

const address = (value) => `#passport=${encodeURIComponent(passportId(value))}`;

function wantedPassport() {
  const [, id, tab] = /^#passport=([^&]+)(?:&tab=(\w+))?$/.exec(location.hash) ?? [];
  return id ? { id: decodeURIComponent(id), tab: TABS.includes(tab) ? tab : "value" } : null;
}

// The city's time: the server's, moved on by what has passed since.

const elapsed = () => (performance.now() - known.read.at) * (known.status?.demo?.speed ?? 1);
const now = () => Date.parse(known.read.now) + elapsed();
const cityNow = () => earlier(known.read.now, -elapsed());

function sentence(error) {
  if (error.status === 0) return t("error_unreachable");
  if (error.status) return error.message ? t("error_server", { sentence: error.message.replace(/[.\s]*$/, ".") }) : t("error_plain", { code: error.status });
  // Not the centre's but this page's own mistake.
  console.error(error);
  return t("error_plain", { code: error.name });
}

const caught = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));

// Reading.

async function readValues(indicators, grain, from) {
  const answers = await Promise.all(indicators.map((i) => caught(api.values(i.id, grainFor(i, grain), from))));
  return new Map(indicators.map((i, n) => [i.id, { grain: grainFor(i, grain), ...answers[n] }]));
}

/** True when at least half of the indicators have a value of the city whose period ended after an instant. */
function hasValues(results, after) {
  const all = [...results.values()];
  const counts = (v) => v.place === CITY && v.value !== null && Date.parse(v.period_end) > after;
  return 2 * all.filter((r) => r.value?.values.some(counts)).length >= all.length;
}

/** Where a range is counted back from: the end of the newest stored day, not today. */
async function findAnchor(catalog, clock) {
  const answers = await Promise.all(catalog.indicators.map((i) => caught(api.values(i.id, grainFor(i, "day")))));
  const views = catalog.indicators.map((i, n) => viewOf(i, "day", answers[n].value?.values ?? [], clock));
  return asOf(views, clock);
}

async function read() {
  const turn = ++reading;
  const [catalog, places, feeds, trust, status] = await Promise.all([api.catalog(), caught(api.places()), caught(api.feeds()), caught(api.trust()), caught(api.status())]);
  const values = async () => {
    const days = RANGES[choice().range];
    // A city that lives has values of now; elsewhere the newest may be old.
    if (days) anchor ??= (status.value?.demo ? null : await findAnchor(catalog, Date.parse(catalog.now))) ?? catalog.now;
    return readValues(catalog.indicators, choice().grain, days ? earlier(anchor, days * DAY_MS) : null);
  };
  known.grain = "day";
  let results = await values();
  const after = status.value?.demo ? Date.parse(catalog.now) - 2 * DAY_MS : -Infinity;
  if (!new URLSearchParams(location.search).has("grain") && !hasValues(results, after)) {
    // Where no day is whole yet, hours are.
    known.grain = "hour";
    results = await values();
  }
  if (turn !== reading) return;
  Object.assign(known, {
    catalog,
    places: places.value ?? known.places,
    feeds: feeds.value ?? known.feeds,
    feedsError: feeds.error ?? null,
    trust: trust.value ?? known.trust,
    status: status.value ?? known.status,
    results,
    read: { now: catalog.now, at: performance.now() },
  });
}

async function readAndDraw() {
  try {
    await read();
    refreshFailed = false;
  } catch (error) {
    if (!known.catalog) return drawTrouble(error);
    refreshFailed = true;
  }
  drawPage();
  return passports.redraw();
}

let refreshed = performance.now();

async function refresh() {
  if (document.visibilityState !== "visible" || !known.catalog) return;
  const moving = isMoving(known.status?.demo);
  if (performance.now() - refreshed < (moving ? 5 * MOVING_MS : REFRESH_MS)) return moving ? move() : undefined;
  refreshed = performance.now();
  const { value: status } = await caught(api.status());
  const failed = [...known.results.values()].some((r) => r.error) || known.feedsError;
  if (!status || status.seq !== known.status?.seq || refreshFailed || failed) {
    anchor = null;
    await readAndDraw();
    return;
  }
  known.status = status;
  known.read = { now: status.now, at: performance.now() };
  // Only ages have changed: nobody's list or selection is taken away for that.
  if (document.activeElement?.tagName !== "SELECT" && getSelection().type !== "Range") drawPage();
}

/** Between two refreshes of a city that is filled in, only what is said of that changes. */
async function move() {
  const { value: status } = await caught(api.status());
  if (!status) return;
  if (status.demo?.phase !== known.status.demo?.phase) refreshed = -Infinity;
  known.status = { ...known.status, demo: status.demo };
  known.read = { now: status.now, at: performance.now() };
  byId("demo")?.replaceWith(demoPart(status.demo) ?? "");
  drawFrame();
}

// Drawing.

const nameOf = () => namer(known.places, known.catalog?.city, placeName);

function changed(key, text) {
  const full = `${language()} ${choice().range} ${key}`;
  const before = shownTexts.get(full);
  shownTexts.set(full, text);
  return before !== undefined && before !== text;
}

function ownerOf(id) {
  const owner = known.catalog.indicators.find((i) => i.owner_function === id)?.owner;
  return words(owner) || id;
}

function entry(indicator) {
  const result = known.results.get(indicator.id);
  if (!result || result.error) return { indicator, sentence: result ? sentence(result.error) : "", retry: readAndDraw };
  return { indicator, view: viewOf(indicator, result.grain, result.value.values, now()) };
}

/** Districts that exist and are not in a list of values. */
const silent = (list) => known.places.filter((p) => p.kind === "district" && p.place_id !== CITY && !list.some((v) => v.place === p.place_id)).length;

function model() {
  const selected = choice();
  return {
    catalog: known.catalog,
    status: known.status,
    feeds: known.feeds,
    trust: known.trust,
    feedsTrouble: known.feedsError && { sentence: sentence(known.feedsError), retry: readAndDraw },
    entries: known.catalog.indicators.map(entry),
    now: now(),
    readAt: known.read.now,
    refreshFailed,
    retry: readAndDraw,
    choice: selected,
    choose,
    tables,
    ownerOf,
    rowContext: {
      now: now(), wanted: selected.grain, ranged: selected.range !== "all", tables, nameOf: nameOf(), address, silent, changed,
      opened: wantedPassport()?.id.split("/")[0],
      open: (value) => go(passportId(value)),
      toggleTable: (id) => {
        if (!tables.one.delete(id)) tables.one.add(id);
        drawPage();
      },
    },
  };
}

/** Draws without a jump: focus, open lists and scroll stay where they were. */
function replace(children) {
  const main = byId("main");
  const focus = document.activeElement?.dataset?.key;
  const open = [...main.querySelectorAll("details[open]")].map((d) => d.dataset.key);
  const scrolled = new Map([...main.querySelectorAll(".table-box")].map((b) => [b.dataset.key, [b.scrollLeft, b.scrollTop]]));
  main.replaceChildren(...children);
  for (const box of main.querySelectorAll(".table-box")) box.scrollTo(...(scrolled.get(box.dataset.key) ?? [0, 0]));
  for (const details of main.querySelectorAll("details")) details.open = open.includes(details.dataset.key);
  if (focus) document.querySelector(`[data-key="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
}

function drawFrame() {
  document.documentElement.lang = language();
  byId("skip").textContent = t("skip");
  const focus = document.activeElement?.dataset?.key;
  drawBar({ catalog: known.catalog, now: known.read && cityNow(), changeLanguage });
  if (focus) document.querySelector(`.bar [data-key="${CSS.escape(focus)}"]`)?.focus();
}

function drawPage() {
  drawFrame();
  replace(page(model()));
}

function drawTrouble(error) {
  drawFrame();
  const retry = () => {
    replace(loading());
    readAndDraw();
  };
  replace(trouble({ sentence: sentence(error), retry }));
}

// What people do.

function changeLanguage(code) {
  setLanguage(code);
  writeAddress({});
  if (known.catalog) drawPage();
  else drawFrame();
  passports.redraw();
}

function choose(changes) {
  if ("tables" in changes) {
    tables.all = changes.tables;
    tables.one.clear();
    return drawPage();
  }
  writeAddress({ ...choice(), ...changes });
  return readAndDraw();
}

let cameFrom = null;

function go(id, tab = "value") {
  const before = wantedPassport();
  const hash = id ? `#passport=${encodeURIComponent(id)}${tab === "value" ? "" : `&tab=${tab}`}` : "";
  const target = `${location.pathname}${location.search}${hash}`;
  // Opening is a step in the history of the browser; another tab or value of an open panel is not.
  if (before || !id) history.replaceState(null, "", target);
  else history.pushState(null, "", target);
  follow();
}

/** What was clicked stays where it was on the screen while the panel takes or gives back its room. */
function keepPlace(id, change) {
  const place = () => byId(`i-${id}`)?.getBoundingClientRect().top;
  const before = place();
  change();
  for (const row of document.querySelectorAll(".row")) row.classList.toggle("open", row.id === `i-${wantedPassport()?.id.split("/")[0]}`);
  if (before !== undefined && before > 0 && before < innerHeight) scrollBy({ top: place() - before, behavior: "instant" });
}

function follow() {
  const wanted = wantedPassport();
  keepPlace((wanted?.id ?? passports.openId() ?? "").split("/")[0], () => followTo(wanted));
}

function followTo(wanted) {
  const sheet = matchMedia("(max-width: 1023px)").matches;
  if (wanted) {
    if (!passports.openId()) cameFrom = document.activeElement?.dataset?.key ?? cameFrom;
    for (const part of [byId("main"), byId("bar")]) part.inert = sheet;
    passports.show(wanted.id, wanted.tab);
    return;
  }
  for (const part of [byId("main"), byId("bar")]) part.inert = false;
  passports.hide();
  if (cameFrom) document.querySelector(`[data-key="${CSS.escape(cameFrom)}"]`)?.focus({ preventScroll: true });
  cameFrom = null;
}

const passports = passportPanel({
  context: () => ({ catalog: known.catalog, feeds: known.feeds, nameOf: nameOf() }),
  go,
  sentence,
});

matchMedia("(max-width: 1023px)").addEventListener("change", () => wantedPassport() && follow());
addEventListener("hashchange", follow);
addEventListener("popstate", follow);
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && passports.openId()) go(null);
  const typing = event.target.closest?.("input, select, textarea, pre");
  const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !typing;
  if (plain && (event.code === "KeyT") && known.catalog) choose({ tables: !tables.all });
});

writeAddress({});
drawFrame();
replace(loading());
await readAndDraw();
if (wantedPassport()) followTo(wantedPassport());
setInterval(refresh, MOVING_MS);
