// Every subject of the whole seeded city with its own picture, in every language, light, dark and on a phone.

import assert from "node:assert/strict";
import { LANGS } from "../driver.mjs";
import { test } from "./define.mjs";

export const SUBJECTS = ["air", "traffic", "transit", "schools", "population", "crime", "safety", "budget", "projects", "appeals", "organisation", "assets"];

for (const lang of LANGS) {
  test(`every subject of the city in ${lang}`, async ({ page }) => {
    const found = [];
    const at = await page(lang === "ru" ? "wall" : "laptop");
    for (const subject of SUBJECTS) {
      at.trouble.length = 0;
      await at.visit(`/subjects/${subject}?lang=${lang}`);
      const text = await at.said();
      if (/undefined|\bNaN\b|\[object|\{\w+\}|picture_\w+/.test(text)) found.push(`${subject}: an unfinished text`);
      found.push(...(await at.hindrances()).map((h) => `${subject}: ${h}`), ...at.trouble.map((t) => `${subject}: ${t}`));
    }
    assert.deepEqual(found, []);
  }, { city: "full" });
}

test("subjects on a phone do not scroll sideways", async ({ page }) => {
  const at = await page("phone");
  const found = [];
  for (const subject of SUBJECTS) {
    await at.visit(`/subjects/${subject}?lang=kk`);
    const wide = await at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.push(`${subject} is ${wide} px too wide`);
  }
  assert.deepEqual(found, []);
}, { city: "full" });
