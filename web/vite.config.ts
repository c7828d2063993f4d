import { svelte } from "@sveltejs/vite-plugin-svelte";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const server = process.env.QALA_URL ?? "http://127.0.0.1:8080";
const proxy = { "/api": server, "/tiles": server, "/health": server, "/metrics": server };

/** Writes every text of the built screen once more as `<name>.br`: the slowest and smallest form, which the program hands out as it is. */
function packed(): Plugin {
  let dist = "";
  return {
    name: "packed",
    apply: "build",
    configResolved: (config) => void (dist = join(config.root, config.build.outDir)),
    closeBundle() {
      for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
        if (!/\.(js|mjs|css|svg|html)$/.test(name)) continue;
        const plain = readFileSync(join(dist, name));
        const small = brotliCompressSync(plain);
        if (small.length < plain.length) writeFileSync(join(dist, `${name}.br`), small);
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), packed()],
  server: { proxy },
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Everything is a file of our own origin: the page's policy forbids data: scripts, styles and fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What several pages share comes in one piece: a page of forty small files waits for forty answers.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "shared", test: /web\/src\/(api|layers|lib|ui|widgets)\//, minShareCount: 3 }] } } },
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
