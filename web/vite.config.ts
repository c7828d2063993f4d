import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env.QALA_URL ?? "http://127.0.0.1:8080";
const proxy = { "/api": server, "/tiles": server, "/health": server, "/metrics": server };

export default defineConfig({
  plugins: [svelte()],
  server: { proxy },
  worker: { format: "es" },
  build: {
    target: "es2022",
    // Everything is a file of our own origin: the page's policy forbids data: scripts, styles and fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  test: { include: ["src/**/*.test.ts"], environment: "node" },
});
