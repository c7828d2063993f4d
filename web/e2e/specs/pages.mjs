// Every page in every language, on a phone, in the dark, for low vision; the languages themselves.

import assert from "node:assert/strict";
import { LANGS, PAGES, UNFINISHED, withLang } from "../driver.mjs";
import { test } from "./define.mjs";

const LETTERS = { kk: /[ӘҒҚҢӨҰҮҺІәғқңөұүһі]/, ru: /[А-я]/, en: /[A-z]/ };

for (const lang of LANGS) {
  test(`every page in ${lang}`, async ({ page }) => {
    const found = [];
    const at = await page("laptop");
    for (const [name, path] of PAGES) {
      at.trouble.length = 0;
      await at.visit(withLang(path, lang));
      assert.equal(await at.lang(), lang);
      assert.ok((await at.heading()).trim().length > 0, `${name}: no heading`);
      const text = await at.said();
      assert.match(text, LETTERS[lang], `${name}: nothing in ${lang}`);
      const unfinished = UNFINISHED.exec(text);
      if (unfinished) found.push(`${name}: …${text.slice(Math.max(0, unfinished.index - 30), unfinished.index + 40)}…`);
      found.push(...(await at.hindrances()).map((h) => `${name}: ${h}`), ...at.trouble.map((t) => `${name}: ${t}`));
    }
    assert.deepEqual(found, []);
  });
}

test("a phone can use every page without scrolling sideways", async ({ page }) => {
  const at = await page("phone");
  const found = [];
  for (const [name, path] of PAGES) {
    if (name === "wall") continue;
    await at.visit(withLang(path, "kk"));
    const wide = await at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.push(`${name} is ${wide} px too wide`);
  }
  assert.deepEqual(found, []);
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
