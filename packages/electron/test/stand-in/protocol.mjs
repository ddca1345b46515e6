// `protocol` and `net.fetch` of files. Chromium knows no scheme of an application's own: what Electron calls `app://notes/…` is asked
// for as `http://notes.app.scheme.localhost/…`, of which no request leaves the browser, and has Electron's name in main.
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { browser } from "./browser.mjs";

/** Requests that are answered here. */
export const SCHEME_REQUESTS = "http://*.scheme.localhost/*";

const IN_CHROMIUM = /^http:\/\/([^/]+)\.([a-z][a-z0-9.+-]*)\.scheme\.localhost(?=\/|$)/;
const IN_ELECTRON = /^([a-z][a-z0-9.+-]*):\/\/([^/?#]+)/;

/** By the ending of a file's name, as Electron tells it. */
const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
};

/** The handlers of standard schemes, undefined until there is one. */
const schemes = new Map();

/** An address as Chromium is asked for it; one of another scheme stays. */
export function toChromium(url) {
  const [whole, scheme, host] = IN_ELECTRON.exec(url) ?? [];
  return schemes.has(scheme) ? `http://${host}.${scheme}.scheme.localhost${url.slice(whole.length)}` : url;
}

/** An address or origin as main knows it. */
export const toElectron = (url) => url.replace(IN_CHROMIUM, "$2://$1");

/** Answers a request of a page; false when it is none of a scheme of the application's own. */
export function answerRequest({ requestId, request }, session) {
  const url = toElectron(request.url);
  if (url === request.url) return false;
  const handler = schemes.get(IN_ELECTRON.exec(url)?.[1]);
  void (async () => {
    const answer = await handler(new Request(url, { method: request.method, headers: request.headers }));
    const responseHeaders = [...answer.headers].map(([name, value]) => ({ name, value }));
    const body = Buffer.from(await answer.arrayBuffer()).toString("base64");
    browser.pipe.post("Fetch.fulfillRequest", { requestId, responseCode: answer.status, responseHeaders, body }, session);
  })().catch(() => browser.pipe.post("Fetch.failRequest", { requestId, errorReason: "Failed" }, session));
  return true;
}

export const protocol = {
  /** Of the privileges only `standard` is looked at: without it a scheme has no origin. */
  registerSchemesAsPrivileged(list) {
    for (const { scheme, privileges } of list) if (privileges?.standard === true) schemes.set(scheme, undefined);
  },
  handle(scheme, handler) {
    if (!schemes.has(scheme)) throw new TypeError(`the stand-in serves standard schemes only, and ${scheme} was not registered as one`);
    if (schemes.get(scheme) !== undefined) throw new Error("Failed to register protocol: " + scheme);
    schemes.set(scheme, handler);
  },
  isProtocolHandled: (scheme) => schemes.get(scheme) !== undefined,
};

export const net = {
  /** A file by its address. Rejects when there is none, as Electron does. */
  async fetch(url) {
    const path = fileURLToPath(url);
    const content = await readFile(path).catch(() => Promise.reject(new Error("net::ERR_FILE_NOT_FOUND")));
    return new Response(content, { headers: { "content-type": TYPES[extname(path)] ?? "application/octet-stream" } });
  },
};
