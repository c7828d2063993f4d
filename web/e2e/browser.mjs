// The only file that knows Playwright: Debian's Chromium with a software graphics card, so that the map is drawn. The page around the
// map is put together without that card, as by a browser that has none.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const ARGS = ["--headless=new", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist", "--disable-gpu-compositing", "--force-color-profile=srgb"];

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Why there is no browser; null when there is one. */
export const findChromium = () => (existsSync(CHROMIUM) ? null : `${CHROMIUM} is not there (CHROMIUM names another)`);

export const SIZES = {
  laptop: { viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  wall: { viewport: { width: 1920, height: 1080 }, colorScheme: "dark" },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: "light", deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};

/** How long a step may take; more on a busy machine. */
export const PATIENCE_MS = Number(process.env.QALA_PATIENCE_MS ?? 180000);

export async function open() {
  const folder = mkdtempSync(join(tmpdir(), "qala-chromium-"));
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...ARGS, `--disk-cache-dir=${folder}`], ignoreDefaultArgs: ["--headless"] });
  return {
    /** A new page without memory; `trouble` gathers what the console and the policy complain about. */
    async page(size, options = {}) {
      const context = await browser.newContext({ ...SIZES[size], locale: "kk", reducedMotion: "reduce", ...options });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE_MS);
      // The browser's own bars stand in a window of the page's size: what lies below its edge would never be painted.
      const session = await context.newCDPSession(page);
      const { windowId, bounds } = await session.send("Browser.getWindowForTarget");
      await session.send("Browser.setWindowBounds", { windowId, bounds: { width: bounds.width + 40, height: bounds.height + 240 } });
      const trouble = [];
      page.on("pageerror", (error) => trouble.push(`error: ${error.message}`));
      page.on("console", (message) => {
        const text = message.text();
        // A refusal, a missing route or a busy centre is the server's matter: the page says so, or asks again.
        if (message.type() === "error" && !/status of 4(00|01|03|04|05|08|29)/.test(text)) trouble.push(`console: ${text}`);
        if (/Content Security Policy/.test(text)) trouble.push(`policy: ${text}`);
      });
      return { page, context, trouble };
    },
    async close() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
