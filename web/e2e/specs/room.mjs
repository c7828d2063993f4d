// The pages of alarms and of the situation room with something on them, in every language, in the dark and on a phone.

import assert from "node:assert/strict";
import { LANGS, UNFINISHED, withLang } from "../driver.mjs";
import { enter } from "../people.mjs";
import { furnish, ROOM_PAGES } from "../room.mjs";
import { test } from "./define.mjs";

test("a situation room at work: every page, language, dark, phone", async ({ page, program }) => {
  const first = await page();
  await enter(first, program);
  const made = await furnish(first, program);
  const storageState = await first.context.storageState();
  const found = [];
  for (const [size, options] of [["laptop", {}], ["laptop", { colorScheme: "dark" }], ["phone", {}]]) {
    const at = await page(size, { storageState, ...options });
    const dark = options.colorScheme === "dark";
    for (const lang of size === "laptop" && !dark ? LANGS : ["kk"]) {
      for (const [name, path] of ROOM_PAGES(made)) {
        const where = `${name} ${lang} ${size}${dark ? " dark" : ""}`;
        at.trouble.length = 0;
        await at.visit(withLang(path, lang));
        const text = await at.said();
        const unfinished = UNFINISHED.exec(text);
        if (unfinished) found.push(`${where}: …${text.slice(Math.max(0, unfinished.index - 30), unfinished.index + 40)}…`);
        const wide = await at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (wide > 0 && !name.startsWith("wall")) found.push(`${where} is ${wide} px too wide`);
        found.push(...(await at.hindrances()).map((h) => `${where}: ${h}`), ...at.trouble.map((t) => `${where}: ${t}`));
      }
    }
    await at.context.close();
  }
  assert.deepEqual(found, []);
}, { city: "room", alone: true });

test("the rail holds every page on a low screen", async ({ page }) => {
  const at = await page();
  for (const height of [600, 720, 800, 1080]) {
    await at.page.setViewportSize({ width: 1280, height });
    await at.visit("/review?lang=kk");
    // Subjects come with the catalogue.
    await at.page.waitForFunction(() => document.querySelectorAll("nav.rail .item").length > 15);
    const rail = await at.page.evaluate(() => {
      const items = [...document.querySelectorAll("nav.rail .item")].map((item) => item.getBoundingClientRect());
      return { below: items.filter((box) => box.bottom > innerHeight + 0.5).length, least: Math.min(...items.map((box) => box.height)), count: items.length };
    });
    assert.ok(rail.count > 15, `${rail.count} items`);
    assert.equal(rail.below, 0, `at ${height} px`);
    assert.ok(rail.least >= 24, `at ${height} px an item is ${rail.least} px high`);
    // The page has no place of its own there: the room it belongs to is marked.
    assert.equal(await at.page.locator("nav.rail [aria-current=page]").getAttribute("href").then((href) => href.split("?")[0]), "/incidents");
  }
}, { city: "full" });
