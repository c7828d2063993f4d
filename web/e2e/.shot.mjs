import { open } from "./browser.mjs";
import { driver } from "./driver.mjs";
const [,, base, folder, sizes, ...paths] = process.argv;
const browser = await open();
let n = 0;
for (const path of paths) for (const size of sizes.split(",")) {
  const lang = ["kk", "ru", "en"][n++ % 3];
  const { page, context, trouble } = await browser.page(size);
  const at = driver(page, base);
  const t = Date.now();
  await at.visit(path + (path.includes("?") ? "&" : "?") + "lang=" + lang).catch((e) => console.log(path, e.message.split("\n")[0]));
  await page.waitForTimeout(1500);
  const file = `${folder}/${path.replace(/\W+/g, "_")}-${size}-${lang}.png`;
  await page.screenshot({ path: file, fullPage: process.env.FULL === "1" });
  console.log(file, Date.now() - t, trouble.map((x) => x.slice(0, 200)));
  await context.close();
}
await browser.close();
