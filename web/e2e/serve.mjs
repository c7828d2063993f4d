// Serves web/dist with the policy the program uses, and hands the rest to the program: for tests before the page is embedded.
// QALA_URL names the program, the first argument the port.

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, request } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";

/** The built page; QALA_DIST names another folder, with a slash at its end. */
const DIST = process.env.QALA_DIST ?? fileURLToPath(new URL("../dist/", import.meta.url));
export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const TYPES = { ".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".json": "application/json", ".txt": "text/plain; charset=utf-8" };
const PASSED = /^\/(api|tiles|health|metrics|sensorthings)\b/;
/** The page that the program embeds, instead of dist. */
const EMBEDDED = process.env.QALA_EMBEDDED === "1";
const SQUEEZED = /json|text|javascript|svg/;

function pass(target, incoming, outgoing) {
  const url = new URL(incoming.url, target);
  const asked = request(url, { method: incoming.method, headers: { ...incoming.headers, host: url.host } }, (answer) => {
    const squeeze = SQUEEZED.test(answer.headers["content-type"] ?? "") && !answer.headers["content-encoding"] && !/event-stream/.test(answer.headers["content-type"]) && /gzip/.test(incoming.headers["accept-encoding"] ?? "");
    const headers = { ...answer.headers };
    if (squeeze) {
      delete headers["content-length"];
      headers["content-encoding"] = "gzip";
    }
    outgoing.writeHead(answer.statusCode, headers);
    (squeeze ? answer.pipe(createGzip({ level: 4 })) : answer).pipe(outgoing);
  });
  asked.on("error", () => {
    if (!outgoing.headersSent) outgoing.writeHead(502, { "content-type": "application/json" });
    outgoing.end(JSON.stringify({ error: "the program does not answer" }));
  });
  outgoing.on("close", () => asked.destroy());
  incoming.pipe(asked);
}

function file(path, incoming, outgoing) {
  const type = TYPES[extname(path)] ?? "application/octet-stream";
  const headers = { "content-type": type, "content-security-policy": POLICY, "x-content-type-options": "nosniff", "cache-control": path.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache" };
  const squeeze = SQUEEZED.test(type) && /gzip/.test(incoming.headers["accept-encoding"] ?? "");
  outgoing.writeHead(200, squeeze ? { ...headers, "content-encoding": "gzip" } : headers);
  const content = createReadStream(path);
  (squeeze ? content.pipe(createGzip()) : content).pipe(outgoing);
}

/** Starts; answers the address and a way to stop. `broken` is asked for each request and may answer a status, `drop`, or a
 * function that answers by itself. With `embedded` the program's own page is handed on, as
 * it is. */
export function serve(target, port = 0, broken = () => null, embedded = EMBEDDED) {
  const server = createServer((incoming, outgoing) => {
    const path = new URL(incoming.url, "http://x").pathname;
    const status = broken(incoming.url);
    if (status === "drop") return incoming.socket.destroy();
    if (typeof status === "function") return status(outgoing);
    if (status) {
      outgoing.writeHead(status, { "content-type": "application/json" });
      return outgoing.end(JSON.stringify({ error: "the test says no" }));
    }
    if (embedded || PASSED.test(path)) return pass(target, incoming, outgoing);
    const wanted = normalize(join(DIST, decodeURIComponent(path)));
    const found = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(DIST, "index.html");
    return file(found, incoming, outgoing);
  });
  return new Promise((resolve) => {
    server.listen(port, "127.0.0.1", () => resolve({ url: `http://127.0.0.1:${server.address().port}`, stop: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)); } }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await serve(process.env.QALA_URL ?? "http://127.0.0.1:8080", Number(process.argv[2] ?? 4173));
  console.log(`${url} shows dist, and asks ${process.env.QALA_URL ?? "http://127.0.0.1:8080"}`);
}
