// What a person does on the screen, as verbs. Specs speak these; selectors stand here only.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export const LANGS = ["kk", "ru", "en"];

/** Every page, with something that must be read on it. */
export const PAGES = [
  ["now", "/"],
  ["wall", "/?wall=1"],
  ["subjects", "/subjects"],
  ["subject", "/subjects/air"],
  ["subject-empty", "/subjects/projects"],
  ["indicator", "/indicators/air.pm25_mean"],
  ["indicator-table", "/indicators/traffic.flow?view=table"],
  ["passport", "/indicators/air.pm25_mean?passport=air.pm25_mean/city/day/2026-03-03T00:00:00%2B05:00&tab=data"],
  ["districts", "/districts"],
  ["district", "/districts/bostandyk"],
  ["district-silent", "/districts/medeu"],
  ["programmes", "/programmes"],
  ["programme", "/programmes/vision-zero"],
  ["feeds", "/data"],
  ["tables", "/data?tab=tables"],
  ["quarantine", "/data?tab=quarantine"],
  ["import", "/import"],
  ["table", "/data/air_stations"],
  ["table-empty", "/data/budget_lines"],
  ["feed", "/feeds/sim-air-readings"],
  ["object", "/objects/air_stations/SIM-P1"],
  ["workbench", "/workbench"],
  ["alarms", "/alarms"],
  ["alarm", "/alarms/A-1"],
  ["incidents", "/incidents"],
  ["incident", "/incidents/1"],
  ["procedures", "/procedures"],
  ["journal", "/journal"],
  ["decisions", "/decisions"],
  ["review", "/review"],
  ["morning", "/morning"],
  ["drills", "/drills"],
  ["admin", "/admin"],
  ["sign-in", "/sign-in"],
  ["more", "/more"],
  ["missing", "/no/such/page"],
];

/** Keys of phrases and fillers that nobody filled. */
export const UNFINISHED = /undefined|\bNaN\b|\[object|\{\w+\}|\b(subject|state|reason|gap|admin|role|picture|map|kind|layer|incident|entry|severity|decision|agenda|journal|post|alarm|drill|room)_[a-z_]+\b/;

export const withLang = (path, lang) => `${path}${path.includes("?") ? "&" : "?"}lang=${lang}`;

export function driver(page, base) {
  return {
    page,
    /** Opens a page and waits until nothing is loading. */
    async visit(path) {
      await page.goto(base + path);
      await this.settled();
    },
    async settled() {
      await page.waitForFunction(() => document.querySelector("main h1")?.textContent.trim() && !document.querySelector("main .ghost"));
    },
    heading: () => page.locator("main h1").first().innerText(),
    /** All that is read on the page, without names of tables and code, which are the same in every language. */
    said: () => page.evaluate(() => {
      const copy = document.querySelector("main").cloneNode(true);
      for (const gone of copy.querySelectorAll("code, pre, style, script, textarea, .cm, [lang]")) gone.remove();
      return copy.textContent;
    }),
    lang: () => page.evaluate(() => document.documentElement.lang),
    /** Problems that hinder people, as axe sees them. */
    async hindrances() {
      // What stays in place would lie over what it is scrolled past: for this look it lies at its own place.
      const freed = await page.evaluateHandle(() => [...document.querySelectorAll("body *")].filter((e) => /fixed|sticky/.test(getComputedStyle(e).position)).map((e) => {
        const before = e.style.position;
        e.style.position = getComputedStyle(e).position === "fixed" && !e.matches(".app *") ? before : "static";
        return [e, before];
      }));
      await page.evaluate(AXE);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] }));
      await freed.evaluate((list) => list.forEach(([e, before]) => (e.style.position = before)));
      return found.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id} (${v.nodes.length}): ${v.nodes[0]?.target.join(" ")} ${v.nodes[0]?.failureSummary?.split("\n")[1] ?? ""}`);
    },
    chooseLanguage: (lang) => page.locator(`.langs button[lang=${lang}]`).click(),
    async search(text) {
      await page.keyboard.press("Control+k");
      await page.locator("dialog input").fill(text);
      await page.locator("#found li").first().waitFor();
    },
    /** The field of a form under its words. */
    field: (name, form = page.locator("main")) => form.locator("label").filter({ has: page.locator(`span:text-is(${JSON.stringify(name)})`) }).locator("input, select, textarea"),
    takeFirst: () => page.keyboard.press("Enter"),
    openFirstNumber: () => page.locator("main a.value").first().click(),
    passport: () => page.locator("aside.panel"),
    tab: (name) => page.locator(`#passport-tab-${name}`).click(),
    async verify() {
      await this.tab("verify");
      await page.locator(".panel button.primary").click();
      await page.locator(".panel .verdict").waitFor();
      return page.locator(".panel .verdict").innerText();
    },
    async signIn(name, password) {
      await page.locator("input[autocomplete=username]").fill(name);
      await page.locator("input[autocomplete=current-password]").fill(password);
      await page.locator("main form button.primary").click();
    },
    async changePassword(now, next) {
      await page.locator("input[autocomplete=current-password]").fill(now);
      await page.locator("input[autocomplete=new-password]").fill(next);
      await page.locator("main form button.primary").click();
    },
    /** Adds somebody; answers what is shown then. */
    async addUser({ name, title, role }, answer = "status") {
      const form = page.locator("main form", { has: page.locator("select") });
      await form.locator("input").nth(0).fill(name);
      await form.locator("input").nth(1).fill(title);
      await form.locator("select").selectOption(role);
      await form.locator("button").click();
      await form.locator(`[role=${answer}]`).waitFor();
      return form.locator(`[role=${answer}]`).innerText();
    },
    async addToken({ label, until }) {
      const form = page.locator("main form", { has: page.locator("fieldset") });
      await form.locator("input").first().fill(label);
      await form.locator("input[type=date]").fill(until);
      await form.locator("button").click();
      await form.locator("[role=status]").waitFor();
      return form.locator("[role=status]").innerText();
    },
    audit: () => page.locator("main table.stacking").last().innerText(),
    param: (name) => page.evaluate((n) => new URL(location.href).searchParams.get(n), name),
  };
}
