// Screenshots of every page in three sizes: `npm run shots -- FOLDER [ONLY]`. QALA_BIN names the program, or QALA_URL one that runs.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "./browser.mjs";
import { driver, LANGS, PAGES, withLang } from "./driver.mjs";
import { city } from "./program.mjs";

const [folder, only] = process.argv.slice(2);
if (!folder) {
  console.error("usage: npm run shots -- FOLDER [ONLY]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const centre = await city();
const browser = await open();
const SIZES = ["laptop", "wall", "phone"];

let n = 0;
for (const [name, path] of PAGES) {
  if (only && !name.includes(only)) continue;
  for (const size of SIZES) {
    // A language each in turn, so that all are looked at.
    const lang = LANGS[n % 3];
    n += 1;
    if (name === "wall" && size !== "wall") continue;
    const { page, context } = await browser.page(size);
    const at = driver(page, centre.url);
    await at.visit(withLang(path, lang)).catch((error) => console.error(`${name} ${size}: ${error.message.split("\n")[0]}`));
    await page.waitForTimeout(Number(process.env.SHOT_WAIT ?? 3000));
    await page.screenshot({ path: join(folder, `${name}-${size}-${lang}.png`) });
    await context.close();
  }
  console.log(name);
}
await browser.close();
await centre.stop();
