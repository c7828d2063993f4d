// What the browser loads: gzip sizes of dist, the first screen apart.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const size = (path) => gzipSync(readFileSync(DIST + path), { level: 9 }).length;
const assets = readdirSync(`${DIST}assets`).filter((name) => !name.endsWith(".map")).map((name) => [`assets/${name}`, size(`assets/${name}`)]);
const fonts = [["fonts/inter.woff2", readFileSync(`${DIST}fonts/inter.woff2`).length]];
for (const [name, bytes] of [...assets, ...fonts].sort((a, b) => b[1] - a[1])) console.log(`${(bytes / 1000).toFixed(1).padStart(8)} kB  ${name}`);
console.log(`${([...assets, ...fonts].reduce((n, [, b]) => n + b, 0) / 1000).toFixed(1).padStart(8)} kB  all`);
