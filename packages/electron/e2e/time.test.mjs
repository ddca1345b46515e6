// Silence ends nobody: a main that stands still, a page that is frozen, a machine that slept.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { powerMonitor } from "../test/stand-in/electron.mjs";
import * as control from "../test/stand-in/control.mjs";
import { inPage, startApplication } from "./application.mjs";
import { once, until, WATCHDOG } from "./support.mjs";

/** How long main stands still, for real. */
const BLOCKED_MS = 30_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let application;
let worker;
const clock = { now: performance.now.bind(performance), date: Date.now, ahead: 0 };

/** All of main's clocks are so much further at once. */
function clocksJump(ms) {
  clock.ahead += ms;
  performance.now = () => clock.now() + clock.ahead;
  Date.now = () => clock.date() + clock.ahead;
}

const stillHere = async (window, label) => {
  assert.deepEqual(application.ends(), []);
  assert.equal(await inPage(window, "p.state.status"), "connected");
  assert.equal(await inPage(window, `p.bind(Echo, { instance: "main" }).then((echo) => echo.inline(3))`), 3);
  assert.ok(application.portcullis.hub.peers().some((peer) => peer.label === label));
};

/** A window that listens, has calls under way in both directions, and serves. */
async function busy(label) {
  const window = await application.connected(label);
  await inPage(window, `(async () => {
    await app.serve(p, Echo, app.services.echo("${label}"), { instance: "${label}" });
    const [echo, topics] = [await p.bind(Echo, { instance: "main" }), await p.bind(Topics, { instance: "main" })];
    globalThis.levels = [];
    globalThis.ticks = 0;
    globalThis.phases = [];
    topics.onLevel((level) => levels.push(Number(level)));
    topics.onTicked(() => ticks++);
    p.onState(({ status }) => phases.push(status));
    globalThis.lasting = echo.never({ timeoutMs: ${24 * HOUR_MS} }).result;
    await echo.nothing();
  })()`);
  return window;
}

before(async () => {
  application = await startApplication();
  worker = await application.worker();
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

afterEach(async () => {
  performance.now = clock.now;
  Date.now = clock.date;
  clock.ahead = 0;
});

async function close(window) {
  window.destroy();
  await once(window, "closed");
}

describe("no peer ends", WATCHDOG, () => {
  test(`when main stands still for ${BLOCKED_MS / 1_000} seconds, while pages and process go on asking`, async () => {
    const window = await busy("waiting");
    // Both ask while nobody can answer, the page through its whole window of calls.
    await inPage(window, `p.bind(Echo, { instance: "main" }).then((echo) => {
      globalThis.answers = [];
      const ask = () => answers.push(echo.later(1, { timeoutMs: ${10 * MINUTE_MS} }).result);
      globalThis.asking = setInterval(() => answers.length < 100 && ask(), 100);
    })`);
    const echo = await application.main.bind(application.Echo, { label: "worker" });
    const early = echo.later(5, { timeoutMs: 10 * MINUTE_MS });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCKED_MS);
    assert.equal(await early, 5);
    await until(() => control.evaluate(window.webContents, "answers.length === 100"), "all questions");
    const answers = await inPage(window, "Promise.all(answers).then((all) => (clearInterval(asking), all.filter(({ ok }) => ok).length))");
    assert.equal(answers, 100);
    await stillHere(window, "waiting");
    assert.ok(application.portcullis.hub.peers().some(({ label }) => label === "worker"));
    await close(window);
    application.events.length = 0;
  });

  test("when a page is frozen for 5 minutes, with values on their way to it", async () => {
    const window = await busy("frozen");
    await control.freeze(window.webContents, true);
    const asked = application.main.bind(application.Echo, { label: "frozen" }).then((echo) => echo.inline(9, { timeoutMs: HOUR_MS }));
    for (let minute = 1; minute <= 5; minute++) {
      for (let tick = 0; tick < 200; tick++) application.publisher.ticked(tick);
      application.publisher.level(BigInt(minute));
      clocksJump(MINUTE_MS);
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.deepEqual(application.ends(), []);
    }
    assert.equal(await control.evaluate(window.webContents, "levels.length + ticks"), 0, "it is frozen indeed");
    await control.clocksJump(window.webContents, 5 * MINUTE_MS);
    await control.freeze(window.webContents, false);
    assert.equal(await asked, 9);
    await until(() => control.evaluate(window.webContents, "levels.at(-1) === 5"), "the last value of the state");
    assert.ok((await control.evaluate(window.webContents, "ticks")) > 0);
    await stillHere(window, "frozen");
    await close(window);
    application.events.length = 0;
  });

  test("when the machine sleeps, and all clocks are 8 hours further", async () => {
    const window = await busy("asleep");
    powerMonitor.emit("suspend");
    clocksJump(8 * HOUR_MS);
    await control.clocksJump(window.webContents, 8 * HOUR_MS);
    powerMonitor.emit("resume");
    application.publisher.level(8n);
    await until(() => control.evaluate(window.webContents, "levels.at(-1) === 8"), "the state of after the sleep");
    assert.deepEqual(await inPage(window, "phases"), []);
    await stillHere(window, "asleep");
    // The call that was under way is under way still.
    assert.equal(application.noted.running >= 1, true);
    const echo = await application.main.bind(application.Echo, { label: "worker" });
    assert.equal(await echo.inline(4), 4);
    await close(window);
    worker.kill();
  });
});
