// The program under test: the binary named by QALA_BIN on a small city of its own, or the one at QALA_URL.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "./serve.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const freePort = () => new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

async function answers(url, child, tries = 3000) {
  for (let i = 0; i < tries; i += 1) {
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}`);
    const there = await fetch(`${url}/api/status`).then((r) => r.ok, () => false);
    if (there) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the program does not answer");
}

/** Starts `qala <args>` in a folder of its own. */
export async function program(args) {
  const bin = process.env.QALA_BIN;
  if (!bin) throw new Error("QALA_BIN names no binary");
  const folder = mkdtempSync(join(tmpdir(), "qala-web-"));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(bin, [...args, "--data", folder, "--listen", url.slice(7)], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  const stop = async () => {
    child.kill("SIGTERM");
    await new Promise((done) => (child.exitCode === null ? child.once("exit", done) : done()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(url, child);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}

/** The small city; its page by our own server, or by the program itself when it embeds it (QALA_EMBEDDED=1). */
export async function city(broken = () => null) {
  const running = process.env.QALA_URL ? { url: process.env.QALA_URL, stop: async () => {} } : await program(["demo", "--small", "--start", "2026-03-02"]);
  if (process.env.QALA_EMBEDDED === "1") return running;
  const page = await serve(running.url, 0, broken);
  return { url: page.url, target: running.url, stop: async () => { await page.stop(); await running.stop(); } };
}
