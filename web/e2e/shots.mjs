// Screenshots of every page, and of every subject of the whole city, in three sizes: `npm run shots -- FOLDER [ONLY]`.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { findChromium, open } from "./browser.mjs";
import { driver, LANGS, PAGES, withLang } from "./driver.mjs";
import { cities } from "./program.mjs";
import { serve } from "./serve.mjs";
import { SUBJECTS } from "./specs/subjects.mjs";

const [folder, only] = process.argv.slice(2);
if (!folder) {
  console.error("usage: npm run shots -- FOLDER [ONLY]");
  process.exit(2);
}
mkdirSync(folder, { recursive: true });
const town = cities();
if (findChromium()) throw new Error(findChromium());
const browser = await open();
const served = new Map();
async function base(kind) {
  if (!served.has(kind)) served.set(kind, serve((await town.get(kind)).url));
  return (await served.get(kind)).url;
}
const ALL = [...PAGES.map(([name, path]) => [name, path, "small"]), ...SUBJECTS.map((s) => [`city-${s}`, `/subjects/${s}`, "full"]), ["city-now", "/", "full"], ["city-wall", "/?wall=1", "full"]];
const SIZES = ["laptop", "wall", "phone"];

let n = 0;
for (const [name, path, kind] of ALL) {
  if (only && !name.includes(only)) continue;
  for (const size of SIZES) {
    // A language each in turn, so that all are looked at.
    const lang = LANGS[n % 3];
    n += 1;
    if (name.endsWith("wall") && size !== "wall") continue;
    const { page, context } = await browser.page(size);
    const at = driver(page, await base(kind));
    await at.visit(withLang(path, lang)).catch((error) => console.error(`${name} ${size}: ${error.message.split("\n")[0]}`));
    await page.waitForTimeout(Number(process.env.SHOT_WAIT ?? 3000));
    await page.screenshot({ fullPage: name.startsWith("city-") && !name.endsWith("wall"), path: join(folder, `${name}-${size}-${lang}.png`) });
    await context.close();
  }
  console.log(name);
}
await browser.close();
for (const proxy of served.values()) await (await proxy).stop();
await town.stop();
