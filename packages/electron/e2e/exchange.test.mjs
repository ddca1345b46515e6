// Windows, main and a utility process with one contract between them, everything real but Electron itself.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as control from "../test/stand-in/control.mjs";
import { inPage, startApplication } from "./application.mjs";
import { until, WATCHDOG } from "./support.mjs";

let application;
let left;
let right;
let worker;

before(async () => {
  application = await startApplication();
  [left, right] = [await application.connected("left"), await application.connected("right")];
  worker = await application.worker();
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

describe("windows and a utility process", WATCHDOG, () => {
  test("are known by what main says of them", async () => {
    const peers = application.portcullis.hub.peers().map(({ label, role }) => `${label} as ${role}`);
    assert.deepEqual(peers.sort(), ["left as window", "main as main", "right as window", "worker as worker"]);
  });

  test("call main, and main calls them", async () => {
    const reply = await inPage(left, `p.bind(Echo, { instance: "main" }).then((echo) => echo.call({ number: 41n, text: "hello", value: 1.5 }))`);
    assert.deepEqual(reply, { number: 42, text: "main: hello", value: 3 });
    await inPage(left, `app.serve(p, Echo, app.services.echo("left"), { instance: "left" }).then(() => null)`);
    const echo = await application.main.bind(application.Echo, { label: "left" });
    assert.deepEqual(await echo.call({ number: 1n, text: "you", value: 0 }), { number: 2n, text: "left: you", value: 0 });
  });

  test("call each other, window to window and to the process and back", async () => {
    const ask = (label) => `p.bind(Echo, ${label}).then((echo) => echo.call({ number: 1n, text: "hi", value: 0 })).then(({ text }) => text)`;
    assert.equal(await inPage(right, ask(`{ label: "left" }`)), "left: hi");
    assert.equal(await inPage(right, ask(`{ label: "worker" }`)), "worker: hi");
    await inPage(right, `p.bind(Echo, { label: "worker" }).then((echo) => echo.refuse("left")).then(() => null)`);
    await until(() => control.evaluate(left.webContents, `app.noted.told.includes("from the worker")`), "the worker's word");
  });

  test("carry bytes of every size there and back", async () => {
    for (const size of [0, 1, 1_000, 300_000, 4_000_000]) {
      const same = await inPage(left, `(async () => {
        const echo = await p.bind(Echo, { label: "worker" });
        const bytes = Uint8Array.from({ length: ${size} }, (_, at) => at * 7);
        const back = await echo.bytes(bytes, { timeoutMs: 60_000 });
        return bytes.byteLength === ${size} && back.byteLength === ${size} && back.every((byte, at) => byte === bytes[at]);
      })()`);
      assert.equal(same, true, `${size} bytes`);
    }
  });

  test("open streams in both directions, whole and in order", async () => {
    const seen = await inPage(left, `(async () => {
      const flows = await p.bind(Flows, { label: "worker" });
      const numbers = [];
      for await (const number of flows.count(2_000, null)) numbers.push(number);
      const { items, sum } = await flows.sum((async function* () { for (let at = 1; at <= 1_000; at++) yield at; })());
      const words = [];
      for await (const word of flows.mirror((async function* () { yield "a"; yield "b"; yield "c"; })())) words.push(word);
      return { inOrder: numbers.length === 2_000 && numbers.every((number, at) => number === at), items, sum, words };
    })()`);
    assert.deepEqual(seen, { inOrder: true, items: 1_000, sum: 500_500, words: ["a", "b", "c"] });
  });

  test("hear broadcasts, and have the last value of a state first", async () => {
    const listen = `(async () => {
      const topics = await p.bind(Topics, { instance: "main" });
      globalThis.heard = { ticked: [], levels: [], tags: [] };
      topics.onTicked((number) => heard.ticked.push(number));
      topics.onLevel((level) => heard.levels.push(Number(level)));
      topics.onPreferences(({ tags }) => heard.tags.push(tags));
      await (await p.bind(Echo, { instance: "main" })).nothing();
    })()`;
    application.publisher.level(7n);
    application.publisher.preferences(application.Preferences({ tags: ["first"] }));
    await inPage(left, listen);
    await inPage(right, listen);
    await until(() => control.evaluate(right.webContents, "heard.tags.length === 1"), "the snapshot");
    const report = await application.publisher.tickedReported(1, 5_000);
    assert.equal(report.missed.length, 0);
    application.publisher.ticked(2);
    application.publisher.level(8n);
    application.publisher.preferences(application.Preferences({ tags: ["second", "value"] }));
    for (const window of [left, right]) {
      await until(() => control.evaluate(window.webContents, "heard.ticked.length === 2 && heard.levels.at(-1) === 8 && heard.tags.length === 2"), "both values");
      assert.deepEqual(await inPage(window, "heard"), { ticked: [1, 2], levels: [7, 8], tags: [["first"], ["second", "value"]] });
    }
  });

  test("f37_the_caller_s_own_rights_hold_from_window_to_window", async () => {
    const guest = await application.connected("guest", { role: "guest" });
    const outcome = (label, method) => inPage(guest, `p.bind(Echo, { label: "${label}" }).then((echo) => echo.${method}.then(() => "answered")).catch(({ status }) => status)`);
    assert.equal(await outcome("left", `call({ number: 1n, text: "", value: 0 })`), "answered");
    assert.equal(await outcome("left", `join("a", null, 2)`), "permission_denied");
    assert.equal(await inPage(guest, `p.bind(Flows, { label: "worker" }).then(() => "bound").catch(({ status }) => status)`), "permission_denied");
    guest.close();
  });

  test("f50_calls_to_a_process_that_exits_end_once_each", async () => {
    await inPage(left, `(async () => {
      const echo = await p.bind(Echo, { label: "worker" });
      globalThis.ended = [];
      for (let at = 0; at < 20; at++) echo.never({ timeoutMs: 60_000 }).catch(({ status }) => ended.push(status));
      await echo.nothing();
    })()`);
    worker.kill();
    await until(() => control.evaluate(left.webContents, "ended.length === 20"), "the ends");
    assert.deepEqual(await inPage(left, "[...new Set(ended)]"), ["unavailable"]);
    await until(() => !application.portcullis.hub.peers().some(({ label }) => label === "worker"), "the worker's end");
  });

  test("complain of nothing", () => {
    for (const window of [left, right]) assert.deepEqual(control.problems(window.webContents), []);
    assert.deepEqual(application.refusals(), []);
  });
});
