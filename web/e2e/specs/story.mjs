// The whole story, in Kazakh, by an operator on the pages: something happens on a road, an alarm is raised and acknowledged, an
// incident is opened from it, its procedure is worked through, a department gets an assignment, the incident is closed; the review
// and the morning page tell of it. Only the event comes from outside.

import assert from "node:assert/strict";
import { enter, join } from "../people.mjs";
import { clockOf, push } from "../roads.mjs";
import { test } from "./define.mjs";

const TASK = "Қиылыстағы бағдаршамның сақ режимін орнату";
const day = (iso, days) => new Date(Date.parse(iso) + days * 86_400_000).toISOString().slice(0, 10);

test("the full story: from an event to the morning page", async ({ page, program, note }) => {
  const admin = await page();
  await enter(admin, program);
  const at = await page();
  await join(admin, at, { name: "aigerim", title: "Айгерім Сәрсен", role: "operator" });
  const { page: screen } = at;
  const main = screen.locator("main");
  const button = (name) => main.getByRole("button", { name });
  const field = (name) => at.field(name);

  // The screen stands open; the alarm comes by itself.
  await at.visit("/?lang=kk");
  await main.getByRole("heading", { name: "Дабылдар" }).waitFor();
  const now = await clockOf(program);
  const began = Date.now();
  const { accepted } = await push(program, now, [{ id: "story-1", street: "Абай даңғылы", closed: 0.75 }]);
  assert.equal(accepted, 1);
  const row = main.locator("li[data-alarm]", { hasText: "Көше жолақтарының көбі жабық" });
  await row.waitFor();
  note(`event to the screen: ${Date.now() - began} ms`);
  assert.match(await row.innerText(), /Бостандық ауданы/);
  assert.deepEqual(await at.hindrances(), []);

  // Acknowledged by the key, and it says who has it.
  await row.hover();
  await screen.keyboard.press("a");
  await row.getByText("aigerim қабылдады").waitFor();

  // The alarm's page leads to the form, which knows what, where and how bad.
  await row.getByRole("link").first().click();
  await main.getByText("қабылданған").first().waitFor();
  await main.getByText("Жол полициясын жіберіп").waitFor();
  assert.deepEqual(await at.hindrances(), []);
  await main.getByRole("link", { name: "Осы дабыл бойынша оқиға ашу" }).click();
  await field("Не болды").waitFor();
  assert.match(await field("Не болды").inputValue(), /^Көше жолақтарының көбі жабық: Бостандық ауданы/);
  assert.equal(await field("Ауырлығы").inputValue(), "severe");
  assert.equal(await field("Аудан").inputValue(), "bostandyk");
  assert.equal(await field("Бойлық, ендік").inputValue(), "76.9, 43.23");
  const alarm = await field("Дабыл нөмірі").inputValue();
  assert.match(alarm, /^A-\d+$/);
  await field("Түрі").selectOption({ label: "Трамвай немесе автобус желісінің бөгелуі" });
  assert.deepEqual(await at.hindrances(), []);
  await button("Оқиға ашу").click();

  // The procedure runs.
  await screen.waitForURL(/\/incidents\/\d+/);
  const incident = /incidents\/(\d+)/.exec(screen.url())[1];
  await main.getByRole("heading", { name: "Қадамдар" }).waitFor();
  const steps = main.locator("ol.card > li", { has: screen.locator(".how") });
  assert.equal(await steps.count(), 6);
  assert.match(await main.getByRole("timer").innerText(), /Келесі қадамға \d+ минут/);
  for (const step of await steps.all()) assert.match(await step.innerText(), /\d+ (минут|сағат).* қалды/);
  await main.getByText("тәртіп басталды").waitFor();
  await main.locator("li", { hasText: "тәртіп басталды" }).getByText("Трамвай немесе автобус желісінің бөгелуі").waitFor();
  await main.getByRole("link", { name: `Дабыл ${alarm}` }).waitFor();
  assert.deepEqual(await at.hindrances(), []);

  const named = (words) => steps.filter({ hasText: words });
  await named("Диспетчер мен GPS бойынша тексер").getByRole("button", { name: "Орындалды" }).click();
  await named("Диспетчер мен GPS бойынша тексер").getByText(/^aigerim, /).waitFor();

  // Not closed while required steps wait: they are named.
  await button("Оқиғаны жабу…").click();
  const first = main.getByText("Алдымен міндетті қадамдарды орындаңыз");
  await first.waitFor();
  assert.match(await first.innerText(), /\(4\).*Айналма жол немесе қысқа рейс тағайында/s);
  assert.ok(await main.locator("form").getByRole("button", { name: "Оқиғаны жабу" }).isDisabled());
  await button("Оқиғаны жабу…").click();

  // A step is not skipped without a reason: not with none, not with blanks.
  const skipped = named("Аялдамада, қосымшада, хабар арнасында айт");
  await skipped.getByRole("button", { name: "Өткізіп жіберу…" }).click();
  const reason = skipped.getByLabel("Себебі (міндетті)");
  await skipped.getByRole("button", { name: "Өткізіп жіберу" }).click();
  assert.ok(await reason.evaluate((input) => input.matches(":invalid")), "nothing is said");
  await reason.fill("   ");
  await skipped.getByRole("button", { name: "Өткізіп жіберу" }).click();
  await skipped.getByRole("alert").getByText("Себебін жазыңыз").waitFor();
  assert.ok(await reason.isVisible(), "the step is open still");
  await reason.fill("Хабарды тасымалдаушы өзі таратты");
  await skipped.getByRole("button", { name: "Өткізіп жіберу" }).click();
  await skipped.getByText("өткізіп жіберілді").waitFor();
  await skipped.getByText("Хабарды тасымалдаушы өзі таратты").waitFor();

  for (const words of ["Айналма жол немесе қысқа рейс тағайында", "Бөгеген көлікті эвакуаторла", "Кестеге қайтар"]) {
    await named(words).getByRole("button", { name: "Орындалды" }).click();
    await named(words).getByText(/^aigerim, /).waitFor();
  }

  // Somebody on the spot knows better where it is: a click on the map sets the place and its district.
  await button("Орнын көрсету…").click();
  await button("Картадан таңдау").click();
  const map = main.locator(".map.pick canvas");
  await map.waitFor();
  const point = at.field("Бойлық, ендік", main);
  await screen.waitForFunction(() => document.querySelector(".map.pick .maplibregl-map, .map.pick canvas"));
  for (let turn = 0; turn < 50 && !(await point.inputValue()); turn += 1) {
    await map.click();
    await screen.waitForTimeout(200);
  }
  assert.match(await point.inputValue(), /^7\d\.\d+, 43\.\d+$/);
  await button("Сақтау").first().click();
  await main.getByText(/өзгерді/).first().waitFor();

  // What is refused is refused in the reader's language.
  await button("Басқа әрекеттер…").click();
  await at.field("Басқа оқиғаға қосу, нөмірі", main).fill(incident);
  await button("Біріктіру").click();
  await main.getByText("Оқиғаны өзіне қосуға болмайды").waitFor();
  await button("Басқа әрекеттер…").click();

  // A department gets something to do, due within the week of the morning page.
  await button("Тапсырма беру…").click();
  const task = main.locator("form", { hasText: "Не істеу керек" });
  await at.field("Не істеу керек", task).fill(TASK);
  await at.field("Жауапты", task).selectOption("road-traffic");
  await at.field("Мерзімі", task).fill(`${day(now(), 3)}T18:30`);
  await task.getByRole("button", { name: "Тапсырма беру" }).click();
  await main.getByRole("link", { name: TASK }).first().waitFor();

  // Closed with cause, lesson and outcome.
  await button("Оқиғаны жабу…").click();
  await field("Себебі").fill("Екі жүк көлігі соқтығысты");
  await field("Сабағы: келесіде не істейміз").fill("Эвакуатор қиылыс маңында кезекшілікте тұрады");
  await field("Нәтижесі").fill("Қозғалыс жарты сағатта ашылды");
  await main.locator("form").getByRole("button", { name: "Оқиғаны жабу" }).click();
  await main.locator("h1", { hasText: "жабылды" }).waitFor();
  await main.getByText("Қозғалыс жарты сағатта ашылды").first().waitFor();
  assert.equal(await button("Орындалды").count(), 0, "nothing is done in what is closed");
  // What comes to light later is still written down.
  await main.getByPlaceholder("Жазба қосу").fill("Жүргізуші ауруханадан шықты");
  await main.getByPlaceholder("Жазба қосу").press("Enter");
  await main.getByText("Жүргізуші ауруханадан шықты").waitFor();
  assert.deepEqual(await at.hindrances(), []);

  // The alarm knows its incident, and is closed as right.
  await main.getByRole("link", { name: `Дабыл ${alarm}` }).click();
  await main.getByRole("link", { name: new RegExp(`^${incident}\\. `) }).waitFor();
  await button("Жабу: дабыл дұрыс").click();
  await main.getByText("дұрыс деп танылды").waitFor();

  // The review asks for the promise, and has the incident.
  await at.visit("/review?lang=kk");
  const promise = main.locator("tr", { hasText: TASK });
  await promise.waitFor();
  assert.match(await promise.innerText(), /уәде етілді/);
  await main.locator("tr", { hasText: "Көше жолақтарының көбі жабық" }).first().waitFor();

  // So does the morning page, of the city and on paper.
  await main.getByRole("link", { name: "Таңғы бет" }).last().click();
  await screen.waitForURL(/\/morning/);
  await main.locator("li", { hasText: TASK }).waitFor();
  await main.locator("li", { hasText: "Қозғалыс жарты сағатта ашылды" }).waitFor();
  assert.deepEqual(await at.hindrances(), []);
  const [file] = await Promise.all([screen.waitForEvent("download"), main.getByRole("link", { name: "Бетті PDF түрінде жүктеу" }).click()]);
  const chunks = [];
  for await (const chunk of await file.createReadStream()) chunks.push(chunk);
  assert.equal(Buffer.concat(chunks).subarray(0, 8).toString("latin1"), "%PDF-1.7");

  // What is done is told, and the next review hears of it.
  await at.visit("/decisions?lang=kk");
  await main.getByRole("link", { name: TASK }).click();
  await field("Орындалуы, %").fill("100");
  await field("Түсініктеме").fill("Режим орнатылды");
  await button("Орындалды деп белгілеу").click();
  await main.getByText("Режим орнатылды").first().waitFor();
  await main.locator("li", { hasText: "Режим орнатылды" }).getByText("орындалды, 100").waitFor();
  await at.visit("/review?lang=kk");
  await promise.waitFor();
  assert.match(await promise.innerText(), /орындалды/);
  note(`incident ${incident} from ${alarm}`);
  assert.deepEqual(at.trouble, []);
}, { city: "room", alone: true });
