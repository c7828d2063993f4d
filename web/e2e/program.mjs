// The program under test. Five centres of the same binary: `small` (one district, three days, all computed), `full` (the whole
// seeded city with all its subjects, live), `empty` (a centre without a row), `fed` (as `small`, with a feed that takes readings)
// and `room` (as `small`, with a feed of what happens on the roads: there people work). Each is started when a test first asks for it.
// QALA_BIN names the binary; QALA_URL, QALA_URL_FULL and QALA_URL_EMPTY running centres that stand for them.

import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 15 * 60_000;

const LOAD = `id = "e2e-load"
kind = "json"
title = { kk = "Сынақ", ru = "Проба", en = "Trial" }
transport = { type = "push" }
dataset = "air_readings"
owner_function = "air-quality"
licence = "CC0-1.0"
simulated = true
`;

const ROADS = `id = "e2e-roads"
kind = "table"
title = { kk = "Жолдағы оқиғалар", ru = "Происшествия на дорогах", en = "What happens on the roads" }
transport = { type = "push" }
dataset = "traffic_incidents"
owner_function = "road-traffic"
licence = "CC0-1.0"
simulated = true
`;

const KINDS = {
  small: { args: ["demo", "--small", "--start", "2026-03-02"], isReady: () => true },
  // Its lists, the last two hours, and what lives; the subjects' tables are there as soon as it answers.
  full: { args: ["demo", "--seed", "1", "--start", "2026-03-04T08:00", "--history", "none"], isReady: (status) => status.demo?.phase === "live" },
  fed: { args: ["demo", "--small", "--start", "2026-03-02"], isReady: () => true, feeds: { "e2e-load": LOAD } },
  room: { args: ["demo", "--small", "--start", "2026-03-02"], isReady: () => true, feeds: { "e2e-roads": ROADS } },
  empty: { args: ["serve"], isReady: () => true },
};

export function binary() {
  if (process.env.QALA_BIN) return process.env.QALA_BIN;
  const built = ["release", "debug"].map((kind) => join(ROOT, "target", kind, "qala")).find((path) => existsSync(path));
  if (!built) throw new Error("there is no target/debug/qala: build it (cargo build), or name one with QALA_BIN");
  return built;
}

const freePort = () => new Promise((resolve) => {
  const probe = createServer().listen(0, "127.0.0.1", () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

async function answers(url, child, isReady) {
  const until = Date.now() + START_MS;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`the program ended with ${child.exitCode}`);
    const status = await fetch(`${url}/api/status`).then((r) => (r.ok ? r.json() : null), () => null);
    if (status && isReady(status)) return;
    await new Promise((done) => setTimeout(done, 200));
  }
  throw new Error("the program does not answer");
}

/** Starts `qala <args>` in a folder of its own. `password` is the first administrator's. */
export async function program({ args, isReady, feeds = {} }) {
  const folder = mkdtempSync(join(tmpdir(), "qala-web-"));
  const pack = join(folder, "pack");
  cpSync(join(ROOT, "packs", "almaty"), pack, { recursive: true });
  for (const [id, text] of Object.entries(feeds)) writeFileSync(join(pack, "feeds", `${id}.toml`), text);
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(binary(), [...args, "--pack", pack, "--data", join(folder, "data"), "--listen", url.slice(7)], { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
  const stop = async () => {
    child.kill("SIGTERM");
    await new Promise((done) => (child.exitCode === null ? child.once("exit", done) : done()));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(url, child, isReady);
  } catch (error) {
    console.error(said.slice(-2000));
    await stop();
    throw error;
  }
  return { url, stop, folder, password: () => /one-time password (\S+)/.exec(said)?.[1] ?? null };
}

/** The centres, each started once. */
export function cities() {
  const started = new Map();
  return {
    get(kind) {
      const running = process.env[kind === "small" ? "QALA_URL" : `QALA_URL_${kind.toUpperCase()}`];
      if (running) return { url: running, password: () => process.env.QALA_PASSWORD ?? null };
      if (!started.has(kind)) {
        const begun = program(KINDS[kind]);
        // Whoever needs it says that it failed.
        begun.catch(() => undefined);
        started.set(kind, begun);
      }
      return started.get(kind);
    },
    async stop() {
      await Promise.all([...started.values()].map((p) => p.then((made) => made.stop(), () => undefined)));
    },
  };
}
