// Browser tests: `npm run e2e [-- NAME]`. Prints a line for each test; ends with 1 when one failed. Several run at a time, each
// behind a proxy of its own, so that a fault that one makes is no other's.

import { findChromium, open } from "./browser.mjs";
import { cities } from "./program.mjs";
import { driver } from "./driver.mjs";
import { serve } from "./serve.mjs";
import { specs } from "./specs/index.mjs";

const wanted = process.argv[2];
const AT_ONCE = Number(process.env.QALA_AT_ONCE ?? 3);
const chosen = specs.filter(({ name }) => !wanted || name.includes(wanted));

const missing = findChromium();
if (missing) {
  for (const { name } of chosen) console.log(`skipped: ${name}: ${missing}`);
  process.exit(0);
}

const began = Date.now();
const town = cities();
// All centres begin to fill at once; a test waits for its own only.
for (const kind of new Set(chosen.map((s) => s.city))) void town.get(kind);
const browser = await open();
const failed = [];

async function once({ name, run, city = "small" }) {
  const pages = [];
  const proxies = [];
  const notes = [];
  const fault = { now: () => null };
  let started = Date.now();
  try {
    const program = await town.get(city);
    const proxy = await serve(program.url, 0, (url) => fault.now(url));
    proxies.push(proxy);
    started = Date.now();
    await run({
      base: proxy.url,
      program,
      note: (text) => notes.push(text),
      fault: (now) => (fault.now = now),
      async page(size = "laptop", options = {}) {
        const made = await browser.page(size, options);
        pages.push(made);
        return { ...made, ...driver(made.page, proxy.url) };
      },
    });
    console.log(`ok      ${name} (${Date.now() - started} ms)${notes.map((n) => `\n        ${n}`).join("")}`);
  } catch (error) {
    failed.push(name);
    const picture = `/tmp/qala-e2e-${name.replace(/\W+/g, "-")}.png`;
    await pages.at(-1)?.page.screenshot({ path: picture }).catch(() => undefined);
    console.log(`FAILED  ${name} (${Date.now() - started} ms): ${error.message}\n        ${picture}${notes.map((n) => `\n        ${n}`).join("")}`);
  }
  for (const made of pages) {
    // An answer that a test holds back may still be on its way.
    await made.page.unrouteAll({ behavior: "ignoreErrors" }).catch(() => undefined);
    await made.context.close().catch(() => undefined);
  }
  for (const proxy of proxies) await proxy.stop();
}

const line = [...chosen];
// What measures or changes the centre goes alone, at the end.
const alone = line.filter((s) => s.alone);
const together = line.filter((s) => !s.alone);
await Promise.all(Array.from({ length: AT_ONCE }, async () => {
  for (let next = together.shift(); next; next = together.shift()) await once(next);
}));
for (const spec of alone) await once(spec);

await browser.close();
await town.stop();
console.log(`${chosen.length - failed.length} of ${chosen.length} passed in ${Math.round((Date.now() - began) / 1000)} s${failed.length > 0 ? `; failed: ${failed.join("; ")}` : ""}`);
process.exit(failed.length === 0 ? 0 : 1);
