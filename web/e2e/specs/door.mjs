// A file of one's own from the choice to the table, and a rejected row mended, by somebody who may; in each language.

import assert from "node:assert/strict";
import { LANGS, withLang } from "../driver.mjs";
import { test } from "./define.mjs";

const OWN = "a long enough password";
const rows = Array.from({ length: 60 }, (_, n) => `П-${n + 1};Парк ${n + 1};${n === 6 ? "много" : `${n + 1},5`}`);
const CSV = `Код парка;Наименование;Площадь, га\r\n${rows.join("\r\n")}\r\n`;

test("a file is brought in, its rejected row mended, the schedules seen", async ({ page, program }) => {
  const at = await page();
  const alert = () => at.page.locator("main [role=alert]");
  await at.visit("/import?lang=en");
  await at.page.getByText("Analysts and administrators may add files.").waitFor();
  await at.visit("/sign-in?lang=en");
  const once = program.password();
  await at.signIn("admin", once);
  await at.page.getByText("until you choose your own, it opens nothing").waitFor();
  await at.changePassword(once, OWN);
  await at.page.waitForURL((url) => url.pathname === "/");

  await at.visit("/import?lang=ru");
  await at.page.locator("input[type=file]").setInputFiles({ name: "x.csv", mimeType: "text/csv", buffer: Buffer.from("") });
  await alert().waitFor();
  await at.page.locator("input[type=file]").setInputFiles({ name: "Парки.csv", mimeType: "text/csv", buffer: Buffer.from(CSV) });
  await at.page.getByText("подходят 59 из 60").waitFor();
  // A column left out, and its key by keyboard.
  await at.page.getByRole("checkbox", { name: "ключ: Код парка" }).focus();
  const key = await at.page.getByRole("checkbox", { name: "ключ: Код парка" }).isChecked();
  await at.page.keyboard.press("Space");
  await at.page.waitForFunction(() => !document.querySelector("section[aria-busy=true]") && !document.querySelector(".stale"));
  if (!key) assert.ok(await at.page.getByRole("checkbox", { name: "ключ: Код парка" }).isChecked());
  else await at.page.keyboard.press("Space");
  await at.page.waitForFunction(() => !document.querySelector("section[aria-busy=true]") && !document.querySelector(".stale"));
  assert.deepEqual(await at.hindrances(), []);
  await at.page.getByRole("button", { name: "Добавить 59 строк" }).click();
  await at.page.getByText("59 принято").waitFor();
  await at.page.getByRole("link", { name: "Посмотреть таблицу" }).click();
  await at.settled();
  await at.page.getByText("Парк 50", { exact: true }).waitFor();

  for (const lang of LANGS) {
    await at.visit(withLang("/data?tab=quarantine", lang));
    await at.page.locator("main details summary").first().click();
    assert.deepEqual(await at.hindrances(), [], lang);
    await at.visit(withLang("/admin", lang));
    assert.deepEqual(await at.hindrances(), [], lang);
  }
  await at.visit("/data?tab=quarantine&lang=en");
  await at.page.locator("main details summary").first().click();
  const text = at.page.locator("main textarea");
  await text.fill((await text.inputValue()).replace("много", "7,5"));
  await at.page.getByRole("button", { name: "Send" }).click();
  await at.page.getByText(/Read again: \d+ accepted/).waitFor();
  await at.page.getByText("Nothing is in quarantine").waitFor();
  assert.deepEqual(at.trouble.filter((t) => !/400/.test(t)), []);
}, { city: "empty", alone: true });
