// Pages on loopback, and waiting that ends.
import { createServer } from "node:http";

/** What hangs ends. */
export const WATCHDOG = { timeout: 5 * 60_000 };

/** The process of a test file ends by then, even where a test that has failed left something open. */
const PROCESS_MS_MAX = 8 * 60_000;

setTimeout(() => {
  console.error("the watchdog ends this process");
  process.exit(1);
}, PROCESS_MS_MAX).unref();

/** How long one thing may take to happen; a watchdog, not a measurement. */
const WAIT_MS_MAX = 60_000;

/**
 * Serves texts by path, from two origins that a browser puts into different processes. A text may be a function of
 * `{ origin, other }`; a text that begins like a page is one, others are scripts. `/204` answers with nothing.
 */
export async function servePages(texts) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    if (pathname === "/204") return void response.writeHead(204).end();
    const text = texts[pathname];
    const body = typeof text === "function" ? text(pages) : text;
    const type = body?.startsWith("<!doctype") ? "text/html" : "text/javascript";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": `${type}; charset=utf-8` }).end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const pages = {
    origin: `http://127.0.0.1:${port}`,
    other: `http://localhost:${port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
  return pages;
}

/** Asks until the answer is yes, and hands it back. */
export async function until(ask, what, withinMs = WAIT_MS_MAX) {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`no ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The first argument of the next such event. */
export function once(emitter, name) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name} in time`)), WAIT_MS_MAX);
    emitter.once(name, (first) => (clearTimeout(timer), resolve(first)));
  });
}
