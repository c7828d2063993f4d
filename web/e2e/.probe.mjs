import { open } from "./browser.mjs";
import { driver, PAGES, withLang } from "./driver.mjs";
const browser = await open();
const { page, trouble } = await browser.page("laptop");
page.setDefaultTimeout(25000);
const begun = new Map();
page.on("request", r => begun.set(r, Date.now()));
page.on("requestfinished", r => { const d = Date.now() - begun.get(r); if (d > 700) console.log("   slow", d, r.method(), r.url().slice(0,150), (r.postData()||"").slice(0,200)); });
const at = driver(page, process.argv[2]);
for (const [name, path] of PAGES.filter(p => !process.argv[3] || p[0].match(process.argv[3]))) {
  const t = Date.now();
  try { await at.visit(withLang(path, "en")); console.log(name, Date.now() - t); }
  catch (e) { console.log(name, "FAILED", e.message.split("\n")[0], await page.evaluate(() => [...document.querySelectorAll("main .ghost")].map(g => g.parentElement.outerHTML.slice(0, 200)))); }
}
console.log(trouble);
await browser.close();
