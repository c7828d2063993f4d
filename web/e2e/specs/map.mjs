// The first page on a phone, the layers of the map, and what the bar says of the data.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

test("now on a phone: what is wrong, the map, a number of each subject; the rest is one tap away", async ({ page, note }) => {
  for (const lang of ["kk", "ru", "en"]) {
    const at = await page("phone");
    await at.visit(`/?lang=${lang}`);
    await at.page.locator(".city-map .buttons").waitFor();
    const long = await at.page.evaluate(() => document.documentElement.scrollHeight);
    note(`${lang}: ${long} px`);
    assert.ok(long < 5000, `${long} px`);
    assert.equal(await at.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
    assert.deepEqual(await at.hindrances(), []);
    const subject = at.page.locator(".subjects section").first();
    const before = await subject.locator("li").count();
    const fold = subject.getByRole("button");
    await fold.click();
    assert.equal(await fold.getAttribute("aria-expanded"), "true");
    assert.ok((await subject.locator("li").count()) > before);
    await fold.click();
    assert.equal(await subject.locator("li").count(), before);
    assert.deepEqual(at.trouble, []);
    await at.context.close();
  }
}, { city: "full" });

test("layers stand by subject in the order of the language, and are found by typing", async ({ page }) => {
  for (const [lang, name, typed, found, own] of [["kk", "Қабаттар", "аялдама", /аялдама/i, "Өз кестелеріңіз"], ["ru", "Слои", "остановк", /остановк/i, "Ваши таблицы"], ["en", "Layers", "stop", /stop/i, "Your own tables"]]) {
    const at = await page();
    await at.visit(`/?lang=${lang}`);
    const button = at.page.locator(`button[aria-label='${name}']`);
    await button.click();
    const menu = at.page.getByRole("group", { name });
    const groups = await menu.locator("fieldset").evaluateAll((list) => list.map((f) => [f.querySelector("legend").textContent, [...f.querySelectorAll("label:has(input) span")].map((s) => s.firstChild.textContent.trim())]));
    const { compare } = new Intl.Collator(lang, { numeric: true, sensitivity: "base" });
    assert.ok(groups.length > 4, `${groups.length} groups`);
    // An office's own tables stand before all others.
    const titles = groups.map(([title]) => title).filter((title) => title !== own);
    assert.deepEqual(titles, titles.toSorted(compare));
    for (const [, list] of groups) assert.deepEqual(list, list.toSorted(compare));
    if (lang === "kk") assert.deepEqual(await at.hindrances(), []);
    const filter = menu.getByRole("searchbox");
    await filter.fill(typed);
    const left = await menu.locator("label:has(input)").allInnerTexts();
    assert.ok(left.length > 0 && left.length < 6, `${left.length} layers`);
    assert.match(left.join(), found);
    // The first Escape clears, the second closes and gives the keyboard back.
    await filter.press("Escape");
    assert.equal(await filter.inputValue(), "");
    await filter.press("Escape");
    await menu.waitFor({ state: "detached" });
    assert.ok(await button.evaluate((b) => b === document.activeElement));
    await at.context.close();
  }
}, { city: "full" });

test("points are coloured by their only number, or by the one that is chosen", async ({ page }) => {
  const at = await page();
  await at.visit("/?lang=en&layers=air_stations");
  const legend = at.page.locator(".legend-place .legend", { hasText: "Air" }).last();
  // On a map of this width legends are closed at first.
  await legend.locator("summary").click();
  await legend.getByText(/, m$/).waitFor();
  assert.ok((await legend.locator(".item").count()) > 2, "classes with a unit");
  await at.page.locator("button[aria-label='Layers']").click();
  await at.page.getByRole("group", { name: "Layers" }).getByRole("combobox").selectOption("");
  await legend.getByText(/, m$/).waitFor({ state: "detached" });
  assert.equal(await at.param("measure"), "air_stations:none");
  assert.deepEqual(at.trouble, []);
}, { city: "full" });

test("the bar says of a page whether it is simulated, partly or not at all", async ({ page }) => {
  const at = await page();
  const bar = at.page.locator(".bar .simulated");
  await at.visit("/data/air_stations?lang=en");
  assert.equal(await bar.innerText(), "simulated");
  const flags = { value: [false] };
  await at.page.route("**/api/datasets/air_stations/rows*", async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    body.sources = flags.value.map((simulated) => ({ ...body.sources[0], simulated }));
    await route.fulfill({ response: answer, json: body });
  });
  await at.visit("/data/air_stations?lang=en");
  assert.equal(await bar.count(), 0);
  flags.value = [true, false];
  await at.visit("/data/air_stations?lang=en");
  assert.equal(await bar.innerText(), "partly simulated");
  await at.visit("/import?lang=en");
  assert.equal(await bar.count(), 0);
  await at.page.unrouteAll({ behavior: "ignoreErrors" });
});
