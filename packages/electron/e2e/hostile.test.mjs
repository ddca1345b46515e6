// What a page can do to the preload and to main when it wants to: nothing.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import * as control from "../test/stand-in/control.mjs";
import { ask, inPage, open, startApplication, token } from "./application.mjs";
import { once, until, WATCHDOG } from "./support.mjs";

/** Replaces whatever a preload might use, and notes who calls it with what. The natives that the test needs are kept. */
const POISON = `
const kept = globalThis.kept = { post: MessagePort.prototype.postMessage, stringify: JSON.stringify };
const stolen = globalThis.stolen = [];
const poison = (holder, name) => {
  const native = holder[name];
  Object.defineProperty(holder, name, { configurable: true, writable: true, value: function (...args) {
    if (globalThis.armed) stolen[stolen.length] = [name, this, args];
    return Reflect.apply(native, this, args);
  } });
};
const everything = [
  [Array.prototype, ["push", "map", "forEach", "slice", "join", "concat", "indexOf", Symbol.iterator]],
  [Promise.prototype, ["then", "catch", "finally"]],
  [MessagePort.prototype, ["postMessage", "start", "close"]],
  [EventTarget.prototype, ["addEventListener", "dispatchEvent"]],
  [Element.prototype, ["getAttribute", "setAttribute"]],
  [RegExp.prototype, ["exec", "test", Symbol.match, Symbol.replace]],
  [String.prototype, ["replace", "match", "split", "slice"]],
  [Map.prototype, ["get", "set"]], [WeakSet.prototype, ["has", "add"]],
  [JSON, ["parse", "stringify"]], [Object, ["keys", "entries", "freeze", "defineProperty"]], [Reflect, ["ownKeys", "get"]],
  [Function.prototype, ["bind", "toString"]],
];
for (const [holder, names] of everything) for (const name of names) poison(holder, name);
for (const name of ["protocol", "hash", "preload", "value", "error", "call", "then", "data", "ports", "transfer"]) {
  Object.defineProperty(Object.prototype, name, { configurable: true, get() { if (globalThis.armed) stolen[stolen.length] = [name, this, []]; return undefined; }, set(value) {
    if (globalThis.armed) stolen[stolen.length] = [name, this, [value]];
    Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
  } });
}
const { call, apply } = Function.prototype;
Function.prototype.call = function (...args) { if (globalThis.armed) stolen[stolen.length] = ["Function.call", this, args]; return Reflect.apply(call, this, args); };
Function.prototype.apply = function (...args) { if (globalThis.armed) stolen[stolen.length] = ["Function.apply", this, args]; return Reflect.apply(apply, this, args); };
globalThis.MessageChannel = class { constructor() { stolen[stolen.length] = ["MessageChannel", this, []]; } };
`;

let application;

before(async () => {
  application = await startApplication({
    pages: {
      "/poisoned": `<!doctype html><title>poisoned</title><script>${POISON}</script>`,
      "/open": `<!doctype html><title>without a policy</title><script src="/page.js"></script>`,
      "/frame": `<!doctype html><script src="/page.js"></script><iframe src="/"></iframe>`,
    },
  });
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

beforeEach(() => void (application.events.length = 0));

describe("a hostile page", WATCHDOG, () => {
  test("finds nothing of the preload's: one function, of its own realm, that gives nothing back", async () => {
    const window = await application.window("curious", { path: "/open" });
    const found = await control.evaluate(window.webContents, `(() => {
      const { connect } = window.portcullis;
      const attempt = (work) => { try { return String(work()); } catch (error) { return (error instanceof Error ? "" : "foreign ") + error.name; } };
      return {
        exposed: Reflect.ownKeys(window.portcullis),
        own: connect instanceof Function && Object.getPrototypeOf(connect) === Function.prototype && connect.constructor === Function,
        plain: Object.getPrototypeOf(window.portcullis) === Object.prototype,
        through: connect.constructor("return [typeof require, typeof ipcRenderer, typeof module, typeof process].join()")(),
        globals: Reflect.ownKeys(window).filter((key) => /electron|ipc|require$|stand|portcullis/i.test(String(key))),
        replaced: attempt(() => { "use strict"; window.portcullis = {}; }),
        patched: attempt(() => { "use strict"; window.portcullis.connect = () => {}; }),
        error: attempt(() => connect("nonsense")),
        caller: attempt(() => connect.caller), args: attempt(() => connect.arguments),
        answer: attempt(() => connect("${token()}")),
      };
    })()`);
    assert.deepEqual(found, {
      exposed: ["connect"], own: true, plain: true, through: "undefined,undefined,undefined,undefined", globals: ["portcullis"],
      replaced: "TypeError", patched: "TypeError", error: "Error", caller: found.caller, args: found.args, answer: "undefined",
    });
    assert.doesNotMatch(`${found.caller} ${found.args}`, /ipcRenderer|postMessage/);
    window.destroy();
    await once(window, "closed");
  });

  test("gets the one function in its top frame only", async () => {
    const window = await application.window("framing", { path: "/frame" });
    assert.equal(await control.evaluate(window.webContents, "typeof frames[0].portcullis"), "undefined");
    const message = await control.evaluate(window.webContents, "(() => { try { frames[0].app.connectElectron(); } catch (error) { return error.message; } })()");
    assert.match(message, /missing_preload/);
    window.destroy();
    await once(window, "closed");
  });

  test("f44_that_has_poisoned_every_prototype_reaches_neither_preload_nor_main", async () => {
    const window = await application.window("poisoned", { path: "/poisoned" });
    const { webContents } = window;
    const mine = token();
    const seen = await control.evaluate(webContents, `new Promise((resolve) => {
      const listen = (event) => {
        armed = false;
        const [port] = event.ports;
        globalThis.port = port;
        resolve({ data: event.data, source: event.source === window, own: port instanceof MessagePort, taken: stolen.length });
      };
      addEventListener("message", listen);
      globalThis.armed = true;
      window.portcullis.connect("${mine}");
    })`);
    // Between the call and the event nothing of the page's own was run, so nothing was there to be stolen.
    assert.deepEqual(seen, { data: mine, source: true, own: true, taken: 0 });
    const inPreload = await control.evaluateInPreload(webContents, `[
      MessagePort.prototype.postMessage, Promise.prototype.then, Array.prototype.push, Array.prototype[Symbol.iterator], Function.prototype.call,
      EventTarget.prototype.addEventListener, RegExp.prototype.exec, JSON.parse, MessageChannel,
    ].every((each) => /\\[native code\\]/.test(Function.prototype.toString.call(each))) && !("protocol" in {}) && !("then" in {})`);
    assert.equal(inPreload, true);
    for (const name of ["protocol", "hash", "then", "polluted"]) assert.equal(name in {}, false, name);
    // Main has taken the request for what it is: the port leads to it, and it waits for a hello.
    assert.deepEqual(application.refusals(), []);
    await control.evaluate(webContents, `Reflect.apply(kept.post, port, ["not a frame"])`);
    await until(() => application.ends().length === 1, "main's answer");
    assert.deepEqual(application.ends(), ["poisoned: refused"]);
    window.destroy();
    await once(window, "closed");
  });

  test("f44_prototypes_getters_promises_and_callbacks_at_the_bridge_are_typed_errors", async () => {
    const window = await application.window("values");
    const values = [
      `JSON.parse('{"__proto__":{"polluted":true}}')`, `{ __proto__: { polluted: true } }`, `{ toString() { return "${token()}"; } }`,
      `{ get length() { throw new Error("a getter of the page"); } }`, `new Proxy({}, { ownKeys() { throw new Error("a trap of the page"); } })`,
      `Promise.resolve("${token()}")`, `{ then(resolve) { resolve("${token()}"); } }`, `() => "${token()}"`, `Symbol("token")`, `new Date()`, `window`,
      `["${token()}"]`, `new String("${token()}")`, `1n`, `NaN`, `null`, `undefined`, `new SharedArrayBufferOrNot()`,
    ];
    for (const value of values) {
      const outcome = await control.evaluate(window.webContents, `(() => {
        const SharedArrayBufferOrNot = globalThis.SharedArrayBuffer ?? class {};
        try { return String(window.portcullis.connect(SharedArrayBufferOrNot && (${value}))); } catch (error) { return error instanceof Error ? "typed" : typeof error; }
      })()`);
      assert.equal(outcome, "typed", value);
    }
    assert.equal(await control.evaluateInPreload(window.webContents, `"polluted" in {}`), false);
    assert.equal("polluted" in {}, false);
    assert.deepEqual(application.refusals(), [], "nothing has come as far as main");
    assert.equal((await open(window)).label, "values");
    window.destroy();
    await once(window, "closed");
  });

  test("f44_what_is_no_bytes_on_a_port_ends_that_peer_and_nobody_else", async () => {
    const other = await application.connected("bystander");
    const posts = [
      `port.postMessage(JSON.parse('{"__proto__":{"polluted":true},"portcullis":"refused"}'))`, `port.postMessage("text")`, `port.postMessage(new Map([[1, 2]]))`,
      `port.postMessage(new Uint16Array(4))`, `port.postMessage([new Uint8Array(24)])`, `port.postMessage(undefined)`,
      `port.postMessage(new Uint8Array(24), [new MessageChannel().port1])`, `port.postMessage(new Uint8Array(24).fill(255))`, `port.postMessage(new Uint8Array(3))`,
    ];
    for (const post of posts) {
      application.events.length = 0;
      const window = await application.window("offender");
      await control.evaluate(window.webContents, `new Promise((resolve) => {
        addEventListener("message", ({ ports }) => { globalThis.port = ports[0]; port.start(); resolve(); });
        window.portcullis.connect("${token()}");
      })`);
      await control.evaluate(window.webContents, post);
      await until(() => application.ends().length === 1, `the end after ${post}`);
      assert.equal(application.portcullis.hub.peers().some(({ label }) => label === "offender"), false, post);
      window.destroy();
      await once(window, "closed");
    }
    assert.equal("polluted" in {}, false);
    assert.equal(await inPage(other, `p.bind(Echo, { instance: "main" }).then((echo) => echo.inline(7))`), 7);
    other.destroy();
    await once(other, "closed");
  });

  test("sends bytes as copies: a transfer list with a buffer would be lost in silence, and is never used", async () => {
    const window = await application.window("copies");
    await control.evaluate(window.webContents, `(() => {
      globalThis.transfers = 0;
      const { postMessage } = MessagePort.prototype;
      MessagePort.prototype.postMessage = function (message, transfer) { if ((transfer?.length ?? 0) > 0) transfers++; return postMessage.apply(this, arguments); };
    })()`);
    await open(window);
    const size = await inPage(window, `p.bind(Echo, { instance: "main" }).then((echo) => echo.bytes(new Uint8Array(100_000))).then((bytes) => bytes.byteLength)`);
    assert.equal(size, 100_000);
    assert.equal(await control.evaluate(window.webContents, "transfers"), 0);
    window.destroy();
    await once(window, "closed");
  });

  test("fills neither main's log nor its memory by asking again and again", async () => {
    const window = await application.connected("pushy");
    const before = control.counts().ports;
    const lines = application.lines.length;
    await control.evaluate(window.webContents, `(async () => {
      for (let turn = 0; turn < 200; turn++) window.portcullis.connect("v1:" + turn.toString(16).padStart(32, "0") + ":");
    })()`);
    await until(() => application.refusals().length === 200, "all refusals");
    await until(() => control.counts().ports === before, "closed ports");
    assert.ok(application.lines.length - lines <= 40, `${application.lines.length - lines} lines`);
    assert.equal(await inPage(window, "p.state.status"), "connected");
    window.destroy();
    await once(window, "closed");
  });
});
