// Browser tests: `npm run e2e`. QALA_BIN names the binary. Prints a line for each test; ends with 1 when one failed.

import { open } from "./browser.mjs";
import { city } from "./program.mjs";
import { driver } from "./driver.mjs";
import { specs } from "./specs.mjs";

const wanted = process.argv[2];
const fault = { now: () => null };
const centre = await city((url) => fault.now(url));
const browser = await open();
let failed = 0;

for (const [name, spec] of specs) {
  if (wanted && !name.includes(wanted)) continue;
  const pages = [];
  const started = Date.now();
  fault.now = () => null;
  try {
    await spec({
      base: centre.url,
      fault: (now) => (fault.now = now),
      async page(size = "laptop", options = {}) {
        const made = await browser.page(size, options);
        pages.push(made);
        return { ...made, ...driver(made.page, centre.url) };
      },
    });
    console.log(`ok      ${name} (${Date.now() - started} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error.message}`);
    await pages.at(-1)?.page.screenshot({ path: `/tmp/qala-e2e-${name.replace(/\W+/g, "-")}.png` }).catch(() => undefined);
  }
  for (const made of pages) await made.context.close();
}

await browser.close();
await centre.stop();
console.log(failed === 0 ? "all passed" : `${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
