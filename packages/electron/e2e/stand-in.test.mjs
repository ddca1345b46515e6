// What the stand-in itself promises, with a preload of a few lines: without this, no test that uses it would mean much.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { app, BrowserWindow, ipcMain, MessageChannelMain, session, utilityProcess } from "../test/stand-in/electron.mjs";
import * as control from "../test/stand-in/control.mjs";
import { once, servePages, until, WATCHDOG } from "./support.mjs";

const file = (name) => fileURLToPath(new URL(`little/${name}`, import.meta.url));

/** The page's half of the little preload: asks, and gets its port. */
const ASK = `globalThis.ask = (name) => new Promise((resolve) => {
  addEventListener("message", ({ data, source, ports }) => { if (source === window && data === name) resolve(ports[0]); });
  window.little.ask(name);
});`;
const PAGES = {
  "/": `<!doctype html><title>page</title><script>${ASK}</script>`,
  "/frames": ({ other }) => `<!doctype html><iframe src="/"></iframe><iframe src="${other}/"></iframe>`,
};

let pages;
let window;

/** Opens a window, asks from its page for a port, and hands back the event with it. */
async function asked(contents, name) {
  const event = once(ipcMain, "little");
  await control.evaluate(contents, `ask(${JSON.stringify(name)}).then((port) => { globalThis.port = port; port.start(); })`);
  return event;
}

before(async () => {
  pages = await servePages(PAGES);
  await app.whenReady();
  const { product, user, sandboxed, note } = app.chromium;
  console.log(`${product} as ${user}, ${sandboxed ? "in its sandbox" : "WITHOUT its sandbox"}${note && `; not better, because ${note}`}`);
  session.defaultSession.registerPreloadScript({ type: "frame", filePath: file("preload.cjs"), id: "little" });
  window = new BrowserWindow();
  await window.loadURL(pages.origin);
}, WATCHDOG);

after(async () => {
  app.exit(0);
  await app.exited;
  await pages.close();
}, WATCHDOG);

describe("the stand-in", WATCHDOG, () => {
  test("runs its renderers in the sandbox where it says so", async () => {
    const pid = await control.rendererPid(window.webContents);
    assert.equal(await control.isSandboxed(pid), app.chromium.sandboxed);
  });

  test("runs the preload in a world of its own", async () => {
    const { webContents } = window;
    assert.equal(await control.evaluate(webContents, "typeof require + typeof globalThis.littleSecret"), "undefinedundefined");
    assert.equal(await control.evaluateInPreload(webContents, "globalThis.littleSecret"), "kept");
    assert.equal(await control.evaluate(webContents, "JSON.stringify(Object.keys(little))"), '["ask","say"]');
    assert.equal(await control.evaluate(webContents, "Object.isFrozen(little) && Object.isFrozen(little.ask)"), true);
  });

  test("copies arguments across the bridge, and refuses what it cannot copy", async () => {
    const { webContents } = window;
    const said = (expression) => control.evaluate(webContents, `(() => { try { return little.say(${expression}); } catch (error) { return error.message; } })()`);
    assert.equal(await said('"a", 1, true, null, undefined, 2n'), '"a" 1 true null undefined 2n');
    assert.equal(await said('{ a: [1, { b: 2 }] }'), '{"a":[1,{"b":2}]}');
    assert.equal(await said('JSON.parse(\'{"__proto__":{"polluted":1}}\')'), '{"__proto__":{"polluted":1}}');
    assert.equal(await said("() => 1"), "An object could not be cloned.");
    assert.equal(await said("Promise.resolve()"), "An object could not be cloned.");
    assert.equal(await said("{ get a() { throw new Error('thrown by the page') } }"), "thrown by the page");
    assert.equal(await said('"throw"'), "thrown by the preload");
  });

  test("carries messages of a port both ways, all of them and in order", async () => {
    const event = await asked(window.webContents, "order");
    assert.equal(event.sender, window.webContents);
    assert.equal(event.senderFrame, window.webContents.mainFrame);
    assert.equal(event.senderFrame.origin, pages.origin);
    assert.equal(event.senderFrame.parent, null);
    const [port] = event.ports;
    const heard = [];
    port.on("message", ({ data }) => heard.push(data));
    port.start();
    await control.evaluate(window.webContents, `
      globalThis.heard = [];
      port.onmessage = ({ data }) => heard.push(data instanceof Uint8Array ? data[0] : data.at);
      for (let at = 0; at < 500; at++) port.postMessage(at % 2 ? { at, text: "ä", big: 2n ** 60n } : new Uint8Array([at & 255, 7]));`);
    await until(() => heard.length === 500, "all messages");
    heard.forEach((data, at) => assert.deepEqual(data, at % 2 ? { at, text: "ä", big: 2n ** 60n } : new Uint8Array([at & 255, 7])));
    for (let at = 0; at < 500; at++) port.postMessage(at % 2 ? { at } : Uint8Array.of(at & 127));
    await until(() => control.evaluate(window.webContents, "heard.length === 500"), "all answers");
    const answers = await control.evaluate(window.webContents, "heard");
    assert.deepEqual(answers, Array.from({ length: 500 }, (_, at) => (at % 2 ? at : at & 127)));
    const closed = once(port, "close");
    await control.evaluate(window.webContents, "port.close()");
    await closed;
  });

  test("loses what the page sends with an array buffer in the transfer list, and says nothing, as Electron does", async () => {
    const [port] = (await asked(window.webContents, "transfer")).ports;
    const heard = [];
    port.on("message", ({ data }) => heard.push(data));
    port.start();
    const left = await control.evaluate(window.webContents, `(() => {
      const bytes = new Uint8Array(8);
      port.postMessage("first");
      port.postMessage(bytes, [bytes.buffer]);
      port.postMessage("last");
      return bytes.byteLength;
    })()`);
    await until(() => heard.length === 2, "the other two");
    assert.deepEqual(heard, ["first", "last"]);
    assert.equal(left, 0, "the page has lost its bytes all the same");
    assert.throws(() => port.postMessage("bytes", [new ArrayBuffer(8)]), /not a valid port/);
    // Ports that stay in the page are left alone.
    const inside = await control.evaluate(window.webContents, `new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port2.onmessage = ({ data }) => resolve(data.byteLength);
      const buffer = new ArrayBuffer(16);
      port1.postMessage(buffer, [buffer]);
    })`);
    assert.equal(inside, 16);
    port.close();
    await until(() => control.counts().ports === 0, "closed ports");
  });

  test("ends ports with their document and tells no frame of a document that is gone", async () => {
    const event = await asked(window.webContents, "reload");
    const frame = event.senderFrame;
    const [port] = event.ports;
    port.start();
    const closed = once(port, "close");
    const order = [];
    const started = () => order.push("did-start-navigation");
    const navigated = (_, url, code, text, isMainFrame) => order.push(`did-frame-navigate ${isMainFrame}`);
    window.webContents.on("did-start-navigation", started).on("did-frame-navigate", navigated);
    window.webContents.reload();
    await closed;
    await until(() => order.length === 2, "both events");
    window.webContents.off("did-start-navigation", started).off("did-frame-navigate", navigated);
    assert.deepEqual(order, ["did-start-navigation", "did-frame-navigate true"]);
    assert.equal(event.senderFrame, null);
    assert.equal(frame.detached && frame.isDestroyed(), true);
    assert.throws(() => frame.origin, /disposed/);
    port.postMessage("to nobody");
  });

  test("runs the preload in frames, of the same process and of another, with their own origins", async () => {
    await window.loadURL(`${pages.origin}/frames`);
    const same = await until(() => control.childFrame(window.webContents, `${pages.origin}/`), "the first frame");
    const other = await until(() => control.childFrame(window.webContents, pages.other), "the second frame");
    for (const [frame, origin] of [[same, pages.origin], [other, pages.other]]) {
      const event = once(ipcMain, "little");
      await until(() => control.evaluate(window.webContents, 'typeof ask === "function"', frame).catch(() => false), "the frame's script");
      await control.evaluate(window.webContents, 'void ask("frame")', frame);
      const { senderFrame, sender } = await event;
      assert.equal(senderFrame, frame);
      assert.equal(senderFrame.origin, origin);
      assert.equal(senderFrame.parent, window.webContents.mainFrame);
      assert.equal(sender, window.webContents);
    }
    await window.loadURL(pages.origin);
    assert.deepEqual(control.counts(), { targets: 1, sessions: 1, frames: 1, worlds: 1, contexts: 2, ports: 0 });
  });

  test("lets main refuse a navigation of the page, and a window that it opens", async () => {
    const away = `location.href = ${JSON.stringify(`${pages.other}/`)}`;
    const events = [];
    const refuse = (event, url) => (events.push(url), event.preventDefault());
    window.webContents.on("will-navigate", refuse);
    await control.evaluate(window.webContents, away);
    await until(() => events.length === 1, "the question");
    assert.deepEqual(events, [`${pages.other}/`]);
    window.webContents.off("will-navigate", refuse);
    assert.equal(window.webContents.getURL(), `${pages.origin}/`);
    assert.equal(await control.evaluate(window.webContents, "location.origin"), pages.origin);

    const details = [];
    window.webContents.setWindowOpenHandler((each) => (details.push(each.url), { action: "deny" }));
    await control.evaluate(window.webContents, "void open('/')");
    await until(() => details.length === 1, "the question");
    assert.deepEqual(details, [`${pages.origin}/`]);
    window.webContents.setWindowOpenHandler(() => ({ action: "allow" }));
    const created = once(window.webContents, "did-create-window");
    await control.evaluate(window.webContents, "void open('/')");
    const child = await created;
    await until(() => control.evaluate(child.webContents, 'typeof ask === "function"').catch(() => false), "the child's page");
    const event = await asked(child.webContents, "child");
    assert.equal(event.sender, child.webContents);
    const closed = once(child, "closed");
    child.close();
    await closed;
    assert.equal(child.isDestroyed() && child.webContents.isDestroyed(), true);
    assert.equal(control.counts().targets, 1);
  });

  test("tells of a renderer that crashes or is killed, and of one that comes back", async () => {
    for (const [end, reason] of [[control.crash, "crashed"], [control.killRenderer, "killed"]]) {
      const [port] = (await asked(window.webContents, reason)).ports;
      port.start();
      const closed = once(port, "close");
      const gone = new Promise((resolve) => window.webContents.once("render-process-gone", (_, details) => resolve(details)));
      await end(window.webContents);
      assert.equal((await gone).reason, reason);
      await closed;
      assert.equal(window.webContents.mainFrame, null);
      await window.loadURL(pages.origin);
    }
  });

  test("moves a port to a utility process, and tells of the process' end", async () => {
    const child = utilityProcess.fork(file("child.mjs"));
    assert.equal(child.pid, undefined);
    await once(child, "spawn");
    assert.equal(typeof child.pid, "number");
    const { port1, port2 } = new MessageChannelMain();
    child.postMessage({ greeting: "hello" }, [port1]);
    assert.throws(() => child.postMessage("again", [port1]), /neutered/);
    const heard = [];
    port2.on("message", ({ data }) => heard.push(data));
    port2.start();
    for (let at = 0; at < 100; at++) port2.postMessage(Uint8Array.of(at));
    await until(() => heard.length === 101, "all echoes");
    assert.deepEqual(heard[0], { greeting: "hello" });
    heard.slice(1).forEach((data, at) => assert.deepEqual(data, Uint8Array.of(at)));
    const [closed, ended] = [once(port2, "close"), once(child, "exit")];
    child.kill();
    await Promise.all([closed, ended]);
    assert.equal(child.pid, undefined);
  });

  test("freezes a page, whose messages wait", async () => {
    const [port] = (await asked(window.webContents, "frozen")).ports;
    port.start();
    await control.evaluate(window.webContents, "globalThis.heard = 0; port.onmessage = () => heard++; 0");
    await control.freeze(window.webContents, true);
    port.postMessage("to a frozen page");
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await control.evaluate(window.webContents, "heard"), 0);
    await control.freeze(window.webContents, false);
    await until(() => control.evaluate(window.webContents, "heard === 1"), "the message");
    const before = await control.evaluate(window.webContents, "[Date.now(), performance.now()]");
    await control.clocksJump(window.webContents, 3_600_000);
    const after = await control.evaluate(window.webContents, "[Date.now(), performance.now()]");
    after.forEach((now, at) => assert.ok(now - before[at] >= 3_600_000));
  });

  test("complains of nothing", () => assert.deepEqual(control.problems(window.webContents), []));
});
