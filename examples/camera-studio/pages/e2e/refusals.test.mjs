// Who is not let in: each is tried from a real browser, as far as browsers can be made to try.
import assert from "node:assert/strict";
import { createServer, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "../scripts/browser.mjs";
import { startStudio, until } from "./studio.mjs";

/** What hangs ends. */
const WATCHDOG = { timeout: 3 * 60_000 };
/** A name that an attacker's DNS server points at this machine. */
const REBOUND = "rebound.example";

let studio;
let browser;
let gate;
let page;

/** Runs in a page: asks for a ticket. */
const TICKET = `async (base = "") => {
  const answer = await fetch(base + "/ticket", { method: "POST", credentials: "include", body: new URLSearchParams({ window: "viewer" }) });
  return { status: answer.status, ticket: await answer.text() };
}`;

/** Runs in a page: tries to open a WebSocket. */
const SOCKET = `(host, protocols) => new Promise((resolve) => {
  const socket = new WebSocket("ws://" + host + "/connect", protocols);
  socket.onopen = () => resolve(["open", socket.protocol]);
  socket.onclose = ({ code }) => resolve(["refused", code]);
})`;

const ticket = async () => (await page.evaluate(`(${TICKET})()`)).ticket;
const socket = (from, host, protocols) => from.evaluate(`(${SOCKET})(${JSON.stringify(host)}, ${JSON.stringify(protocols)})`);
/** A WebSocket that is refused never opens, and scripts are told nothing but that. */
const REFUSED = ["refused", 1006];

before(async () => {
  studio = await startStudio("--no-kill", "--quiet");
  gate = new URL(studio.addresses.viewer).host;
  browser = await launch({ flags: [`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`] });
  page = await browser.page();
  await page.goto(pathToFileURL(studio.launcher).href);
  await until(() => page.evaluate(`document.getElementById("connection")?.dataset.state === "connected"`).catch(() => false), "connection");
}, { timeout: 35 * 60_000 });

after(async () => {
  await browser?.close();
  studio?.kill();
}, WATCHDOG);

/** Asks for a ticket with headers that no browser would send, and everything else as it should be. */
async function forged(headers) {
  const { cookies } = await page.call("Network.getCookies");
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const type = "application/x-www-form-urlencoded";
  const all = { Host: gate, Origin: `http://${gate}`, Cookie: cookie, "Content-Type": type, ...headers };
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(studio.addresses.viewer);
    const asked = request({ hostname, port, path: "/ticket", method: "POST", headers: all }, (answer) => resolve(answer.resume().statusCode));
    asked.on("error", reject).end("window=viewer");
  });
}

describe("the gate refuses", WATCHDOG, () => {
  test("nobody that shows cookie, ticket, Origin and Host", async () => {
    assert.deepEqual(await socket(page, gate, ["portcullis.v1", `ticket.${await ticket()}`]), ["open", "portcullis.v1"]);
    assert.equal(await forged({}), 200);
  });

  test("a browser without the cookie", async () => {
    const stranger = await browser.page({ context: await browser.context() });
    await stranger.goto(studio.addresses.viewer);
    await until(
      () => stranger.evaluate(`document.getElementById("banner-text")?.textContent.startsWith("This browser was not let in.")`).catch(() => false),
      "refusal on the page",
    );
    assert.equal((await stranger.evaluate(`(${TICKET})()`)).status, 403);
    // A ticket of somebody else's is worth nothing without the cookie.
    assert.deepEqual(await socket(stranger, gate, ["portcullis.v1", `ticket.${await ticket()}`]), REFUSED);
  });

  test("a launcher that was used before", async () => {
    const again = await browser.page({ context: await browser.context() });
    const first = studio.lines.map((line) => /^ {2}(\/.*\.html)$/.exec(line)?.[1]).find(Boolean);
    const { errorText } = await again.goto(pathToFileURL(first).href);
    assert.equal(errorText, "net::ERR_FILE_NOT_FOUND");
  });

  test("a page without a ticket, with a wrong one, and with one that was used", async () => {
    const used = await ticket();
    assert.deepEqual(await socket(page, gate, ["portcullis.v1"]), REFUSED);
    assert.deepEqual(await socket(page, gate, ["portcullis.v1", `ticket.${"0".repeat(32)}`]), REFUSED);
    assert.deepEqual(await socket(page, gate, ["portcullis.v1", `ticket.${used}`]), ["open", "portcullis.v1"]);
    assert.deepEqual(await socket(page, gate, ["portcullis.v1", `ticket.${used}`]), REFUSED);
  });

  test("a page of a foreign origin, although the browser has the cookie", async () => {
    const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Elsewhere</title>"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const foreign = await browser.page();
      await foreign.goto(`http://127.0.0.1:${server.address().port}/`);
      await until(() => foreign.evaluate(`document.title === "Elsewhere"`).catch(() => false), "page");
      // The answer is a refusal, and the browser does not show even that to the page.
      await assert.rejects(foreign.evaluate(`(${TICKET})("http://${gate}")`), /Failed to fetch/);
      assert.equal(await forged({ Origin: `http://127.0.0.1:${server.address().port}` }), 403);
      assert.equal(await forged({ Origin: "null" }), 403);
      assert.deepEqual(await socket(foreign, gate, ["portcullis.v1", `ticket.${await ticket()}`]), REFUSED);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test("a name that was rebound to this machine", async () => {
    const host = gate.replace("127.0.0.1", REBOUND);
    const rebound = await browser.page();
    const { errorText } = await rebound.goto(`http://${host}/viewer.html`);
    assert.equal(errorText, "net::ERR_HTTP_RESPONSE_CODE_FAILURE");
    // The attacker's own page, which the name led to before: for the browser it is of the gate's origin now.
    await rebound.answerOnce("<!doctype html><title>Rebound</title>");
    await rebound.goto(`http://${host}/`);
    await until(() => rebound.evaluate(`document.title === "Rebound" && location.host === "${host}"`).catch(() => false), "page");
    // The browser itself may be the one that refuses: such a page must not reach this machine.
    const asked = await rebound.evaluate(`(${TICKET})()`).catch(({ message }) => ({ status: message }));
    assert.match(String(asked.status), /^403$|Failed to fetch/);
    assert.equal(await forged({ Host: host, Origin: `http://${host}` }), 403);
    assert.deepEqual(await socket(rebound, host, ["portcullis.v1", `ticket.${await ticket()}`]), REFUSED);
  });
});
