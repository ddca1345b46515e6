// Who does not get a connection, and what it is told. The preload is the one that also runs in frames, so that main
// has to decide.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { BrowserWindow } from "../test/stand-in/electron.mjs";
import { behaviour } from "../test/stand-in/page-events.mjs";
import * as control from "../test/stand-in/control.mjs";
import { ask, inPage, open, startApplication, token } from "./application.mjs";
import { once, until, WATCHDOG } from "./support.mjs";

const FRAMES = {
  "/frames": ({ other }) => `<!doctype html><script src="/page.js"></script><iframe src="/"></iframe><iframe src="${other}/"></iframe>`,
  "/blank": `<!doctype html><script src="/page.js"></script><iframe></iframe>`,
  "/sandboxed": `<!doctype html><script src="/page.js"></script><iframe sandbox="allow-scripts" src="/"></iframe>`,
};

let application;
const open_ = [];

before(async () => {
  application = await startApplication({ pages: FRAMES, preload: "preload-frames.cjs", portcullis: { contract: "build-2" } });
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

beforeEach(() => void (application.events.length = 0));

afterEach(async () => {
  for (const window of open_.splice(0)) {
    if (window.isDestroyed()) continue;
    window.destroy();
    await once(window, "closed");
  }
  await until(() => application.portcullis.hub.peers().length === 1, "the end of all pages' peers");
});

async function loaded(label, options) {
  const window = await application.window(label, options);
  open_.push(window);
  return window;
}

/** A frame inside a window, once its script has run. */
async function frameOf(window, url) {
  const frame = await until(() => control.childFrame(window.webContents, url), "the frame");
  await until(() => control.evaluate(window.webContents, `typeof app === "object"`, frame).catch(() => false), "the frame's script");
  return frame;
}

const told = async (window, frame) => {
  const { code, hint } = await open(window, {}, frame);
  return `${code} ${hint}`;
};

describe("a connection is refused, and the page is told why", WATCHDOG, () => {
  test("f43_an_iframe_of_the_page_s_own_origin", async () => {
    const window = await loaded("frames", { path: "/frames" });
    assert.equal(await told(window, await frameOf(window, `${application.pages.origin}/`)), "sub_frame fix");
    assert.deepEqual(application.refusals(), ["sub_frame"]);
    // The page itself is not the worse for it.
    assert.equal((await open(window)).label, "frames");
  });

  test("f43_an_iframe_of_a_foreign_origin_in_a_process_of_its_own", async () => {
    const window = await loaded("foreign", { path: "/frames" });
    assert.equal(await told(window, await frameOf(window, application.pages.other)), "sub_frame fix");
  });

  test("f43_an_iframe_that_is_not_the_one_that_was_opted_in", async () => {
    const { origin, other } = application.pages;
    const childFrames = [{ origins: [other], role: "guest", label: "embedded" }];
    const window = await loaded("embedding", { path: "/frames", childFrames });
    assert.equal(await told(window, await frameOf(window, `${origin}/`)), "origin_not_allowed fix");
    const welcome = await frameOf(window, other);
    assert.deepEqual(await open(window, {}, welcome), { label: "embedded", role: "guest" });
    // It ends with its document, and the page does not.
    assert.equal((await open(window)).label, "embedding");
    await control.evaluate(window.webContents, `document.querySelectorAll("iframe")[1].remove()`);
    await until(() => application.portcullis.hub.peers().every(({ label }) => label !== "embedded"), "the frame's end");
    assert.equal(await inPage(window, "p.state.status"), "connected");
  });

  test("f43_an_empty_document_that_has_inherited_an_origin_on_the_list", async () => {
    const { origin } = application.pages;
    const window = await loaded("blank", { path: "/blank", childFrames: [{ origins: [origin], role: "guest" }] });
    const { code } = await ask(window, token(), "frames[0]");
    assert.equal(code, "origin_not_allowed");
    await window.loadURL("about:blank");
    assert.equal((await ask(window, token())).code, "origin_not_allowed");
  });

  test("f43_a_sandboxed_frame_at_an_address_on_the_list", async () => {
    const { origin } = application.pages;
    const window = await loaded("sandboxed", { path: "/sandboxed", childFrames: [{ origins: [origin], role: "guest" }] });
    const frame = await until(() => control.childFrame(window.webContents, `${origin}/`), "the frame");
    await until(() => control.evaluate(window.webContents, `typeof app === "object"`, frame).catch(() => false), "the frame's script");
    assert.equal(frame.origin, "null");
    assert.equal(await told(window, frame), "origin_not_allowed fix");
  });

  test("f43_a_child_window_that_the_page_has_opened", async () => {
    const window = await loaded("opener", { restrict: false });
    const created = once(window.webContents, "did-create-window");
    await control.evaluate(window.webContents, "void open('/')");
    const child = await created;
    open_.push(child);
    await until(() => control.evaluate(child.webContents, `typeof app === "object"`).catch(() => false), "the child's script");
    assert.equal(await told(child), "not_attached fix");
  });

  test("f43_a_child_window_does_not_even_come_to_be_where_main_does_not_say_so", async () => {
    const window = await loaded("restricted");
    await control.evaluate(window.webContents, "void open('/')");
    await until(() => application.events.some(({ type, what }) => type === "prevented" && what === "window"), "the refusal");
    await control.evaluate(window.webContents, `location.href = "${application.pages.other}/"`);
    await until(() => application.events.some(({ type, what }) => type === "prevented" && what === "navigation"), "the refusal");
    assert.equal(await control.evaluate(window.webContents, "location.origin"), application.pages.origin);
    await until(() => control.counts().targets === 1, "the end of the child");
  });

  test("f43_a_window_that_main_never_attached", async () => {
    const window = new BrowserWindow();
    open_.push(window);
    await window.loadURL(application.pages.origin);
    assert.equal(await told(window), "not_attached fix");
  });

  test("f43_a_document_that_is_gone_when_its_request_arrives", async () => {
    behaviour.messageDelayMs = 300;
    const window = await loaded("gone", { path: "/blank", childFrames: [{ origins: [application.pages.origin], role: "guest" }] });
    try {
      await control.evaluate(window.webContents, `window.portcullis.connect("${token()}")`);
      window.webContents.reload();
      await until(() => application.refusals().length === 1, "the first refusal");
      const again = () => control.evaluate(window.webContents, `frames[0]?.portcullis !== undefined`).catch(() => false);
      await until(again, "the document that takes its place, and its frame");
      await control.evaluate(window.webContents, `frames[0].portcullis.connect("${token()}"), document.querySelector("iframe").remove()`);
      await until(() => application.refusals().length === 2, "the second refusal");
      assert.deepEqual(application.refusals(), ["frame_gone", "frame_gone"]);
    } finally {
      behaviour.messageDelayMs = 0;
    }
    assert.equal((await open(window)).label, "gone", "the document that is there now");
  });

  test("a second connection of one document", async () => {
    const window = await loaded("twice");
    await open(window);
    const message = await control.evaluate(window.webContents, "(() => { try { app.connectElectron(); } catch (error) { return error.message; } })()");
    assert.match(message, /second_connect/);
    // A page that leaves the bundle aside is told by main.
    const { code, hint } = await ask(window, token());
    assert.deepEqual({ code, hint }, { code: "second_connect", hint: "fix" });
    assert.equal(await inPage(window, "p.state.status"), "connected");
    // After the first one is closed there may be another.
    await inPage(window, "p.close()");
    assert.equal((await open(window)).label, "twice");
  });

  test("f48_an_old_page_against_a_new_main_is_told_to_load_again", async () => {
    const window = await loaded("old");
    const { code, hint, message } = await open(window, { contract: "build-1" });
    assert.deepEqual({ code, hint }, { code: "contract_mismatch", hint: "reload" });
    assert.match(message, /build-1.*build-2/);
    assert.ok(application.lines.some((line) => line.includes("contract_mismatch") && line.endsWith("[reload]")));
  });

  test("f48_an_old_page_that_names_no_build_is_found_out_by_its_interfaces", async () => {
    const window = await loaded("older");
    const outcome = await control.evaluate(window.webContents, `(async () => {
      const Old = { ...app.Echo, hash: "00".repeat(16), channels: app.Echo.channels.map((channel) => ({ ...channel, digest: (channel.digest ^ 1) >>> 0 })) };
      const refused = new Promise((resolve) => app.connectElectron({ interfaces: [Old], logger: { error() {} }, onRefused: resolve }));
      const { code, hint, message } = await refused;
      return { code, hint, message };
    })()`);
    assert.equal(outcome.code, "contract_mismatch");
    assert.equal(outcome.hint, "reload");
    assert.match(outcome.message, /sample\.echo/);
  });

  test("f48_a_page_of_another_adapter_and_one_that_asks_nonsense", async () => {
    const window = await loaded("versions");
    const { code, hint } = await ask(window, token(2));
    assert.deepEqual({ code, hint }, { code: "version_mismatch", hint: "restart" });
    for (const nonsense of ["", "v1", "v0:" + "0".repeat(32) + ":", `${token()} `, "x".repeat(1e6)]) {
      const message = await control.evaluate(window.webContents, `(() => { try { window.portcullis.connect(${JSON.stringify(nonsense)}); } catch (error) { return error.message; } })()`);
      assert.match(message, /different versions/);
    }
    assert.equal((await open(window)).label, "versions");
  });
});
