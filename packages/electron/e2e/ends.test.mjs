// How peers end, and that nothing of them stays: reload, navigation, crash, closed windows.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { behaviour } from "../test/stand-in/page-events.mjs";
import * as control from "../test/stand-in/control.mjs";
import { inPage, open, startApplication } from "./application.mjs";
import { once, until, WATCHDOG } from "./support.mjs";

/** How often a page is loaded anew. */
const RELOADS = 100;

let application;

before(async () => {
  application = await startApplication({ pages: { "/plain": "<!doctype html><title>no script</title>" } });
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

beforeEach(() => {
  application.events.length = 0;
  application.noted.stopped.length = 0;
});

/** Begins a call to main's handler that lasts, and waits until it runs. */
async function lastingCall(window) {
  const before = application.noted.running;
  await inPage(window, `p.bind(Echo, { instance: "main" }).then((echo) => (globalThis.lasting = echo.never({ timeoutMs: 600_000 }).result, null))`);
  await until(() => application.noted.running === before + 1, "the running handler");
}

/** Loads the page anew and waits until it stands. */
async function reload(window) {
  const loaded = once(window.webContents, "did-stop-loading");
  window.webContents.reload();
  await loaded;
}

/** The counters are what they were. */
const returned = (before, what) =>
  until(() => {
    try {
      assert.deepEqual(application.counts(), before);
      return true;
    } catch {
      return false;
    }
  }, what).catch(() => assert.deepEqual(application.counts(), before));

describe("a peer ends, and nothing of it stays", WATCHDOG, () => {
  test("when its page is loaded anew in the middle of a call: the handler is cancelled", async () => {
    const window = await application.window("reloaded");
    const before = application.counts();
    await open(window);
    await lastingCall(window);
    await reload(window);
    await until(() => application.noted.running === 0, "the cancelled handler");
    assert.deepEqual(application.noted.stopped, ["cancelled"]);
    await returned(before, "counters after the reload");
    assert.equal(application.ends().length, 1);
    // The new document is a new peer.
    assert.equal((await open(window)).label, "reloaded");
    window.close();
    await once(window, "closed");
  });

  test("when its renderer is killed, whatever it was doing; the window can be loaded again", async () => {
    const window = await application.connected("killed");
    const other = await application.connected("other");
    await inPage(window, `app.serve(p, Echo, app.services.echo("killed"), { instance: "killed" }).then(() => null)`);
    await lastingCall(window);
    await inPage(other, `p.bind(Echo, { label: "killed" }).then((echo) => (globalThis.asked = echo.never({ timeoutMs: 600_000 }).then(() => "answered", ({ status }) => status), null))`);
    await until(() => control.evaluate(window.webContents, "app.noted.running === 1"), "the call in the window");
    await control.killRenderer(window.webContents);
    assert.equal(await control.evaluate(other.webContents, "asked"), "unavailable");
    await until(() => application.noted.running === 0, "the cancelled handler");
    await until(() => application.portcullis.hub.peers().every(({ label }) => label !== "killed"), "the peer's end");
    assert.equal(application.ends().length, 1);
    // Nobody else has noticed.
    assert.equal(await inPage(other, "p.state.status"), "connected");
    await window.loadURL(application.pages.origin);
    assert.equal((await open(window)).label, "killed");
    for (const each of [window, other]) {
      each.close();
      await once(each, "closed");
    }
  });

  test("when its page crashes by its own fault", async () => {
    const window = await application.connected("crashed");
    const gone = once(window.webContents, "render-process-gone");
    control.crash(window.webContents);
    await gone;
    await until(() => application.portcullis.hub.peers().every(({ label }) => label !== "crashed"), "the peer's end");
    window.close();
    await once(window, "closed");
  });

  test("when its page goes to a foreign origin, from where nobody connects", async () => {
    const window = await application.connected("away", { restrict: false });
    await lastingCall(window);
    await window.loadURL(application.pages.other);
    await until(() => application.noted.running === 0, "the cancelled handler");
    await until(() => application.portcullis.hub.peers().every(({ label }) => label !== "away"), "the peer's end");
    const { code, hint } = await open(window);
    assert.deepEqual({ code, hint }, { code: "origin_not_allowed", hint: "fix" });
    assert.match(application.lines.at(-1), /origin_not_allowed\): a page at http:\/\/localhost:\d+\/ .* allowed: http:\/\/127\.0\.0\.1:/);
    // Back home it is welcome again.
    await window.loadURL(application.pages.origin);
    assert.equal((await open(window)).label, "away");
    window.close();
    await once(window, "closed");
  });

  test("when an error of Chromium's takes the place of its page, which is no navigation of Electron's", async () => {
    const window = await application.connected("failed", { restrict: false });
    await lastingCall(window);
    const failed = once(window.webContents, "did-fail-provisional-load");
    await control.evaluate(window.webContents, `location.href = "http://127.0.0.1:1/nobody"`);
    await failed;
    await until(() => application.noted.running === 0, "the cancelled handler");
    await until(() => application.portcullis.hub.peers().every(({ label }) => label !== "failed"), "the peer's end");
    assert.equal(application.ends().length, 1);
    assert.ok(application.events.every(({ type }) => type !== "stayed"));
    await window.loadURL(application.pages.origin);
    assert.equal((await open(window)).label, "failed");
    window.close();
    await once(window, "closed");
  });

  test("when its window is closed with a stream open", async () => {
    const before = application.counts();
    const window = await application.connected("streaming");
    await inPage(window, `(async () => {
      const flows = await p.bind(Flows, { instance: "main" });
      const items = flows.stall()[Symbol.asyncIterator]();
      globalThis.stream = items;
      return (await items.next()).value;
    })()`);
    await until(() => application.noted.running === 1, "the open stream");
    window.close();
    await once(window, "closed");
    await until(() => application.noted.running === 0, "the cancelled stream");
    assert.deepEqual(application.noted.stopped, ["cancelled"]);
    await returned(before, "counters after the window");
  });

  test("but not when a navigation is only begun, and answered with nothing", async () => {
    const window = await application.connected("staying", { restrict: false });
    await lastingCall(window);
    const stopped = once(window.webContents, "did-stop-loading");
    await control.evaluate(window.webContents, `location.href = "/204"`);
    await stopped;
    await until(() => application.events.some(({ type }) => type === "stayed"), "the news that it stays");
    assert.ok(application.events.some(({ type }) => type === "draining"));
    assert.equal(await inPage(window, "p.state.status"), "connected");
    assert.equal(application.noted.running, 1);
    assert.deepEqual(application.ends(), []);
    window.close();
    await once(window, "closed");
    await until(() => application.noted.running === 0, "the cancelled handler");
  });

  test("nor when the page moves inside of its document", async () => {
    const window = await application.connected("moving");
    await control.evaluate(window.webContents, `location.hash = "here"; history.pushState(null, "", "/elsewhere")`);
    assert.equal(await inPage(window, `p.bind(Echo, { instance: "main" }).then((echo) => echo.later(20))`), 20);
    assert.deepEqual(application.ends(), []);
    window.close();
    await once(window, "closed");
  });

  for (const outlive of [false, true]) {
    test(`${RELOADS} reloads leave every counter where it was, when frames ${outlive ? "outlive" : "end with"} their documents`, async () => {
      behaviour.framesOutliveDocuments = outlive;
      const window = await application.connected("again");
      await lastingCall(window);
      const before = application.counts();
      for (let turn = 0; turn < RELOADS; turn++) {
        await reload(window);
        // With calls, streams and subscriptions open, as a page is at any moment.
        assert.equal((await open(window)).label, "again");
        await inPage(window, `(async () => {
          const [echo, flows, topics] = await Promise.all([Echo, Flows, Topics].map((each) => p.bind(each, { instance: "main" })));
          topics.onTicked(() => undefined);
          flows.stall()[Symbol.asyncIterator]().next();
          globalThis.lasting = echo.never({ timeoutMs: 600_000 }).result;
          await echo.nothing();
        })()`);
      }
      assert.equal(application.ends().length, RELOADS);
      await reload(window);
      await open(window);
      await until(() => application.noted.running === 0, "the cancelled handlers");
      await lastingCall(window);
      await returned(before, "counters after all reloads");
      const { admitted, ended, violations } = application.portcullis.hub.counters();
      assert.equal(violations, 0);
      assert.equal(admitted - Object.values(ended).reduce((sum, each) => sum + each, 0), application.portcullis.hub.peers().length);
      behaviour.framesOutliveDocuments = false;
      window.close();
      await once(window, "closed");
      await until(() => application.noted.running === 0, "the cancelled handler");
    });
  }
});
