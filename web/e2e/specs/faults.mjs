// What the screen says when something is wrong.

import assert from "node:assert/strict";
import { test } from "./define.mjs";

test("a server error is said, the rest works, and it mends", async ({ page, fault }) => {
  fault((url) => (url.startsWith("/api/feeds") ? 500 : null));
  const at = await page();
  await at.visit("/data?lang=en");
  await at.page.getByText("The centre could not answer: the test says no.").first().waitFor();
  fault(() => null);
  await at.page.getByRole("button", { name: "Try again" }).first().click();
  await at.page.locator("main table").waitFor();
});

test("no right to see is said, with whom to ask", async ({ page, fault }) => {
  fault((url) => (url.startsWith("/api/users") ? 403 : null));
  const at = await page();
  await at.visit("/admin?lang=en");
  await at.page.getByText("You may not see this.").first().waitFor();
});

test("the program is down: one sentence, and it comes back", async ({ base, page, fault }) => {
  fault((url) => (url.startsWith("/api/") ? "drop" : null));
  const at = await page();
  await at.page.goto(`${base}/?lang=en`);
  await at.page.getByText("The centre does not answer").waitFor();
  fault(() => null);
  await at.page.getByRole("button", { name: "Try again" }).click();
  await at.settled();
});

test("a dropped connection is said, and mends by itself", async ({ base, page, fault }) => {
  let live = (out) => {
    out.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    out.write("retry: 300\n\nid: 1\nevent: status\ndata: {}\n\n");
    streams.push(out);
  };
  const streams = [];
  fault((url) => (url.startsWith("/api/events") ? (live ?? "drop") : null));
  const at = await page();
  await at.page.goto(`${base}/data?lang=en`);
  await at.settled();
  const stand = live;
  live = null;
  for (const out of streams.splice(0)) out.destroy();
  await at.page.getByText("The connection was lost").waitFor();
  live = stand;
  await at.page.getByText("The connection was lost").waitFor({ state: "detached" });
});

test("an empty centre says what would be here, and how to get it", async ({ page }) => {
  const at = await page();
  for (const path of ["/", "/subjects", "/districts", "/data", "/data?tab=tables", "/subjects/air", "/subjects/budget", "/workbench", "/admin", "/indicators/air.pm25_mean"]) {
    await at.visit(`${path}${path.includes("?") ? "&" : "?"}lang=en`);
    const text = await at.page.locator("main").innerText();
    assert.ok(text.length > 20, path);
    assert.doesNotMatch(text, /undefined|NaN|Infinity/, path);
  }
  await at.visit("/?lang=en");
  await at.page.getByText("qala demo").waitFor();
  assert.deepEqual(at.trouble, []);
}, { city: "empty" });
