// Which folder may import which: lib, ui -> api, map -> layers, widgets -> pictures -> pages -> app. Types of api/types may be used anywhere.
// Also: only map/ imports MapLibre, only widgets/chart/ ECharts, only api/ fetches, and no file is long.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const SRC = fileURLToPath(new URL("../src/", import.meta.url));
const MAY = {
  lib: ["lib"],
  ui: ["ui", "lib"],
  api: ["api", "ui", "lib"],
  map: ["map", "ui", "lib"],
  layers: ["layers", "map", "api", "ui", "lib"],
  widgets: ["widgets", "api", "ui", "lib"],
  pictures: ["pictures", "layers", "widgets", "map", "api", "ui", "lib"],
  pages: ["pages", "pictures", "layers", "widgets", "map", "api", "ui", "lib"],
  app: ["app", "pages", "pictures", "layers", "widgets", "map", "api", "ui", "lib"],
  "": ["app", "ui", "lib"],
};
const LONGEST = 320;
const IMPORT = /(import\s+type\s[^;]*?from\s*|import\s[^;]*?from\s*|export\s[^;]*?from\s*|import\s*|import\()["']([^"']+)["']/g;

const files = (folder) => readdirSync(folder).flatMap((name) => {
  const path = join(folder, name);
  return statSync(path).isDirectory() ? files(path) : /\.(ts|svelte)$/.test(name) ? [path] : [];
});
const folderOf = (path) => {
  const [first, ...rest] = relative(SRC, path).split("/");
  return rest.length > 0 ? first : "";
};
/** A page does not reach into another page, a layer not into another layer's folder. */
const cellOf = (path) => relative(SRC, path).split("/").slice(0, 2).join("/");

const complaints = [];
for (const path of files(SRC)) {
  const name = relative(SRC, path);
  const text = readFileSync(path, "utf8");
  const folder = folderOf(path);
  const complain = (what) => complaints.push(`src/${name}: ${what}`);
  const isTest = /\.test\.ts$/.test(path);
  if (text.split("\n").length > LONGEST && !name.includes("messages/") && !name.endsWith(".gen.ts")) complain(`longer than ${LONGEST} lines; does it hold two things?`);
  if (/\bfetch\(|new EventSource\(/.test(text) && folder !== "api") complain("only api/ fetches");
  if (/:\s*any\b|<any>|as any\b/.test(text)) complain("no `any`");
  if (/\sstyle="/.test(text)) complain("no style attribute, the page's policy forbids it; use style:name={…}");
  for (const [, head, target] of text.matchAll(IMPORT)) {
    if (target.startsWith("maplibre-gl") && folder !== "map") complain("only map/ imports MapLibre");
    if (target.startsWith("echarts") && !name.startsWith("widgets/chart/")) complain("only widgets/chart/ imports ECharts");
    if (!target.startsWith(".") || isTest) continue;
    const found = resolve(dirname(path), target);
    const to = folderOf(found.endsWith(".css") ? found : `${found}`);
    const type = /^import\s+type\s/.test(head);
    if (type && relative(SRC, found).startsWith("api/types")) continue;
    if (!MAY[folder]?.includes(to)) complain(`${folder || "src"} must not import ${to || "src"} (${target})`);
    if (folder === "pages" && to === "pages" && cellOf(found) !== cellOf(path) && !/\/define$/.test(found)) complain(`a page must not import another page (${target})`);
  }
}

if (complaints.length > 0) {
  console.error(complaints.join("\n"));
  process.exit(1);
}
console.log(`edges: ${files(SRC).length} files, the directions hold`);
