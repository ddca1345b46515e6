// The registry of windows and the application's life, with windows of a real browser behind them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { app, BrowserWindow, powerMonitor } from "../test/stand-in/electron.mjs";
import * as control from "../test/stand-in/control.mjs";
import { inPage, open, startApplication } from "./application.mjs";
import { until, WATCHDOG } from "./support.mjs";

/** The application's own preload, which knows nothing of Portcullis. */
const OWN_PRELOAD = fileURLToPath(new URL("little/preload.cjs", import.meta.url));

let application;
let controls;

before(async () => {
  const viewer = {
    role: "window",
    windowsMax: 2,
    create: ({ background }) => new BrowserWindow({ show: !background, webPreferences: { preload: OWN_PRELOAD } }),
    load: (window) => window.loadURL(application.pages.origin),
  };
  application = await startApplication({ portcullis: { kinds: { viewer } } });
  controls = await application.connected("controls");
  await inPage(controls, `(async () => {
    const windows = await p.bind(Windows);
    globalThis.windows = windows;
    globalThis.heard = [];
    globalThis.phases = [];
    for (const event of ["Opened", "Closed", "Focused", "Hidden", "Unresponsive", "Responsive", "Crashed", "Reloaded"]) {
      windows["on" + event](({ label }) => heard.push(event + " " + label));
    }
    windows.onWindows(({ windows }) => (globalThis.list = windows));
    const application = await p.bind(Application);
    application.onPhase(({ type }) => phases.push(type));
    await windows.list();
  })()`);
}, WATCHDOG);

after(() => application?.stop(), WATCHDOG);

const heard = (what) => until(() => control.evaluate(controls.webContents, `heard.includes(${JSON.stringify(what)})`), what);
const windowOf = (label) => application.portcullis.windows.get(label);
/** The page's script runs; a document that has just begun cannot be asked for anything. */
const runs = (label) => until(() => control.evaluate(windowOf(label).webContents, `typeof app === "object"`).catch(() => false), "its page");

describe("windows as an interface", WATCHDOG, () => {
  test("a page opens a window of a declared kind, and everybody sees it", async () => {
    const { label, kind } = await inPage(controls, `windows.open("viewer", { argument: "left", background: false })`);
    assert.deepEqual({ label, kind }, { label: "viewer-1", kind: "viewer" });
    await heard("Opened viewer-1");
    await runs(label);
    assert.equal((await open(windowOf(label))).label, label);
    await until(() => control.evaluate(controls.webContents, `list.some(({ label, connected }) => label === "viewer-1" && connected)`), "its connection");
  });

  test("the application's own preload is left alone", async () => {
    const { webContents } = windowOf("viewer-1");
    assert.deepEqual(await control.evaluate(webContents, `[typeof little.say, little.say("hello"), typeof portcullis.connect]`), ["function", '"hello"', "function"]);
  });

  test("no more are opened than are declared, and of no other kind", async () => {
    await inPage(controls, `windows.open("viewer", { argument: null, background: true })`);
    const refused = (kind) => inPage(controls, `windows.open("${kind}", { argument: null, background: null }).catch(({ error }) => error)`);
    assert.deepEqual(await refused("viewer"), { type: "tooMany", windowsMax: 2 });
    assert.deepEqual(await refused("editor"), { type: "unknownKind", kind: "editor" });
  });

  test("focus, silence, reload and crash are told as they happen", async () => {
    windowOf("viewer-1").hide();
    await heard("Hidden viewer-1");
    await inPage(controls, `windows.focus("viewer-1")`);
    await heard("Focused viewer-1");
    windowOf("viewer-1").emit("unresponsive");
    await heard("Unresponsive viewer-1");
    windowOf("viewer-1").emit("responsive");
    await heard("Responsive viewer-1");
    windowOf("viewer-1").webContents.reload();
    await heard("Reloaded viewer-1");
    await runs("viewer-1");
    await control.killRenderer(windowOf("viewer-1").webContents);
    await heard("Crashed viewer-1");
    await until(() => control.evaluate(controls.webContents, `list.some(({ label, connected }) => label === "viewer-1" && !connected)`), "the news of its end");
  });

  test("a page closes a window", async () => {
    for (const label of ["viewer-1", "viewer-2"]) {
      await inPage(controls, `windows.close("${label}")`);
      await heard(`Closed ${label}`);
      assert.equal(windowOf(label), undefined);
    }
    await until(() => control.counts().targets === 1, "the end of both pages");
  });
});

describe("the application's life", WATCHDOG, () => {
  test("reaches the pages: ready, suspending, resumed", async () => {
    application.portcullis.setReady();
    powerMonitor.emit("suspend");
    powerMonitor.emit("resume");
    await until(() => control.evaluate(controls.webContents, `phases.at(-1) === "resumed"`), "the last phase");
  });

  test("ends when a page asks for it, after who holds it has let go", async () => {
    const { running } = application.noted;
    await inPage(controls, `(async () => {
      const life = await p.bind(Application);
      await life.hold("unsaved work");
      globalThis.released = 0;
      life.onPhase(({ type }) => {
        if (type === "quitting") setTimeout(() => life.release().then(() => released++), 50);
      });
      await life.quit();
    })()`);
    assert.equal(await app.exited, 0);
    assert.equal(application.noted.running, running);
    assert.equal(controls.isDestroyed(), true);
    assert.deepEqual(application.portcullis.hub.peers(), []);
    assert.ok(application.events.some(({ type, label, end }) => type === "ended" && label === "controls" && end.reason === "going_away"));
  });
});
