// The whole studio in a real browser: three windows, opened by the launcher as a user does.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { launch } from "../scripts/browser.mjs";
import { startStudio, until } from "./studio.mjs";

/** What hangs ends. */
const WATCHDOG = { timeout: 5 * 60_000 };

let studio;
let browser;
let viewer;
let controls;
let log;

/** Waits for an expression of the page to be true. */
const shows = (page, expression) => until(() => page.evaluate(`Boolean(${expression})`).catch(() => false), expression);
const text = (page, id) => page.evaluate(`document.getElementById(${JSON.stringify(id)}).textContent`);
const connected = (page) => shows(page, `document.getElementById("connection")?.dataset.state === "connected"`);
const sequence = (page) => page.evaluate(`Number(document.getElementById("stage").dataset.sequence ?? -1)`);

/** The sum of the canvas' pixels, which differs from picture to picture. */
const pixels = (page) =>
  page.evaluate(`(() => {
    const canvas = document.getElementById("picture");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    return sum / data.length;
  })()`);

/** Writes into a field as a user does. */
const write = (page, id, value) =>
  page.evaluate(`(() => {
    const field = document.getElementById(${JSON.stringify(id)});
    field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
const click = (page, selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`);

/** Whether a window is listed, and with which status; for the page to find out. */
const listed = (about) => `[...document.querySelectorAll("#windows .window-about")].some((each) => each.textContent === "${about}")`;
const row = (about, status) => `[...document.querySelectorAll("#windows .window")].some((each) =>
  each.querySelector(".window-about").textContent === "${about}" && each.querySelector(".pill").textContent === "${status}")`;

/** The three pages and the two renderers are there, and nothing else is listed. */
const FIVE = `document.getElementById("windows-figure").textContent === "5 windows"`;

async function open(address, options) {
  const page = await browser.page(options);
  await page.goto(address);
  return page;
}

before(async () => {
  studio = await startStudio("--no-kill");
  browser = await launch();
  viewer = await open(pathToFileURL(studio.launcher).href);
  await connected(viewer);
  controls = await open(studio.addresses.controls);
  log = await open(studio.addresses.log);
  await connected(controls);
  await connected(log);
}, { timeout: 35 * 60_000 });

after(async () => {
  await browser?.close();
  studio?.kill();
}, WATCHDOG);

describe("the windows", WATCHDOG, () => {
  test("are opened by the launcher and known by their labels", async () => {
    const labels = await Promise.all([viewer, controls, log].map((page) => text(page, "connection-text")));
    assert.deepEqual(labels, ["viewer-1", "controls-1", "log-1"]);
  });

  test("show moving frames", async () => {
    await shows(viewer, `document.getElementById("stage").dataset.live === "true"`);
    const seen = new Set();
    await until(async () => seen.add(await pixels(viewer)).size >= 5, "five different pictures");
    const from = await sequence(viewer);
    await until(async () => (await sequence(viewer)) > from + 10, "later pictures");
  });

  test("show a setting that one changes at once in all others", async () => {
    const other = await open(studio.addresses.controls);
    await connected(other);
    await write(controls, "annotation", "Seen everywhere");
    await shows(viewer, `document.getElementById("annotation").textContent === "Seen everywhere"`);
    await shows(other, `document.getElementById("annotation").value === "Seen everywhere"`);
    await shows(other, `document.getElementById("revision").textContent.endsWith("changed by controls-1")`);
    await shows(log, `[...document.querySelectorAll("#rows tr")].some((row) => row.textContent.includes("studio.settings.replace"))`);
    await other.close();
  });

  test("show what a setting does to the pictures", async () => {
    const bright = await pixels(viewer);
    await write(controls, "exposure", "-3");
    await until(async () => (await pixels(viewer)) < bright / 2, "darker picture");
    await write(controls, "exposure", "0");
    await until(async () => (await pixels(viewer)) > bright / 2, "brighter picture");
    await click(controls, "input[name=quality][value=half]");
    await shows(viewer, `document.getElementById("picture").width === 320`);
    await click(controls, "input[name=quality][value=full]");
    await shows(viewer, `document.getElementById("picture").width === 640`);
  });

  test("show a camera that is unplugged and plugged in again", async () => {
    const button = "#cameras .camera:first-child button";
    const status = (word) => `document.querySelector("#cameras .camera:first-child .pill").textContent === "${word}"`;
    await click(controls, button);
    await shows(controls, status("Unplugged"));
    await shows(viewer, `document.getElementById("no-signal-title").textContent === "Camera 1 is unplugged"`);
    const [{ peers }] = await studio.next(2).then((lines) => lines.slice(-1));
    assert.equal(peers, 6, "its worker has ended");
    await click(controls, button);
    await shows(controls, status("Live"));
    await shows(viewer, `document.getElementById("stage").dataset.live === "true"`);
    assert.equal((await studio.next(2)).at(-1).peers, 7);
  });

  test("are listed, and so are the renderers", async () => {
    for (const label of ["viewer-1", "controls-1 · this window", "log-1", "light", "statistics"]) await shows(controls, row(label, "Open"));
    await shows(controls, FIVE);
  });

  test("leave the list of the others when they are closed", async () => {
    const other = await open(studio.addresses.viewer);
    await connected(other);
    await shows(controls, row("viewer-2", "Open"));
    await other.close();
    await shows(controls, `!${listed("viewer-2")}`);
    await shows(controls, row("viewer-1", "Open"));
  });

  test("are closed from the list, and do not come back by themselves", async () => {
    const other = await open(studio.addresses.viewer);
    await connected(other);
    await shows(controls, row("viewer-2", "Open"));
    await click(controls, `[aria-label="Close viewer-2"]`);
    // The browser may let the page close itself; where it does not, the page says what has happened.
    const closed = `document.getElementById("banner-title").textContent === "Window closed"`;
    await until(() => other.evaluate(closed).catch(() => true), "end of the page");
    await shows(controls, `!${listed("viewer-2")}`);
    await other.close().catch(() => {});

    // One may close itself, and is not told that it failed because its answer could not come any more.
    const own = await open(studio.addresses.controls);
    await connected(own);
    await shows(own, row("controls-2 · this window", "Open"));
    await click(own, `[aria-label="Close controls-2"]`);
    await until(() => own.evaluate(closed).catch(() => true), "end of the page");
    assert.equal(await own.evaluate(`document.getElementById("toasts").textContent`).catch(() => ""), "");
    await shows(controls, `!${listed("controls-2")}`);
    await own.close().catch(() => {});
    await until(async () => (await studio.next(1))[0].peers === 7, "return of the peers");
  });

  test("close a renderer, which ends its process, and open it again", async () => {
    await click(controls, `[aria-label="Close light"]`);
    await shows(controls, row("can be opened", "Closed"));
    await until(async () => (await studio.next(1))[0].peers === 6, "end of the process");
    await click(controls, `[aria-label="Open Light meter"]`);
    await shows(controls, row("light", "Open"));
    await until(async () => (await studio.next(1))[0].peers === 7, "process");
    await shows(controls, `!${listed("can be opened")}`);
  });

  test("tell of a renderer that was killed, and that it came back", async () => {
    const event = (name) => `[...document.querySelectorAll("#rows tr")].some((row) => row.textContent.includes("portcullis.windows.${name}"))`;
    await write(log, "filter", "portcullis.windows");
    process.kill(await studio.process("statistics"), "SIGKILL");
    await shows(log, event("crashed"));
    await shows(log, event("reloaded"));
    await shows(controls, row("statistics", "Open"));
    await write(log, "filter", "");
  });

  test("show how pictures reach each receiver, and how often they are copied for it", async () => {
    const cell = (label, name) => `[...document.querySelectorAll("#receivers tr")].find((each) => each.querySelector("th").textContent === "${label}")
      ?.querySelector('[data-cell="${name}"]').textContent`;
    // Renderers read what main lends them. For a page main copies into a message and into the socket's buffer; the page puts
    // the picture together.
    for (const [label, copies] of [["light", "0.0"], ["statistics", "0.0"], ["viewer-1", "3.0"]]) {
      await shows(viewer, `${cell(label, "copies")} === "${copies}"`);
      await shows(viewer, `Number(${cell(label, "rate")}) > 0 && / [kM]B$/.test(${cell(label, "bytes")})`);
      await until(() => studio.receivers[label]?.copies === Number(copies), `${copies} copies for ${label} in the terminal`);
    }
  });

  test("lose pictures when they do not read, by the topic's policy, and nobody else notices", async () => {
    const slow = await open(studio.addresses.viewer);
    await shows(slow, `document.getElementById("stage")?.dataset.live === "true"`);
    await until(() => studio.receivers["viewer-2"]?.framesPerSecond > 0, "report of the second viewer");
    const before = structuredClone(studio.receivers);
    const missed = (label) => studio.receivers[label].missed - before[label].missed;
    const from = (await studio.next(1))[0].frames;
    // It takes nothing from its socket until then.
    await slow.evaluate(`(() => { const end = performance.now() + 6000; while (performance.now() < end); })()`);
    const published = (await studio.next(1))[0].frames - from;
    // All but what main and the browser have kept for it.
    await until(() => missed("viewer-2") > published / 3, `news of what the second viewer has missed, of ${published} pictures`);
    // The light meter may be too slow by itself, on a busy machine.
    assert.ok(missed("statistics") * 5 < missed("viewer-2"), JSON.stringify({ before, now: studio.receivers }));
    assert.equal(studio.receivers.statistics.copies, 0);
    await until(() => studio.receivers["viewer-2"].framesPerSecond > 10, "pictures of the second viewer, once it reads again");
    await slow.close();
    await shows(controls, `!${listed("viewer-2")}`);
    await until(async () => (await studio.next(1))[0].peers === 7, "end of its connection");
  });

  test("take pictures of each other", async () => {
    await click(controls, "#take-snapshot");
    await shows(controls, `document.getElementById("snapshot").naturalWidth === 640`);
    assert.match(await text(controls, "snapshot-figure"), /^From viewer-1: /);
  });

  test("show every kind of message in the log", async () => {
    const message = (kind, channel, from, to) => `[...document.querySelectorAll("#rows tr")].some((row) => {
      const [, what, from, to] = [...row.children].map((cell) => cell.textContent);
      return what === "${kind}${channel}" && from === "${from}" && to.startsWith("${to}");
    })`;
    await write(log, "filter", "frame");
    await shows(log, message("event", "studio.live.frame", "camera-1", "3 subscribers"));
    await write(log, "filter", "measured");
    await shows(log, message("event", "studio.measurements.measured", "light", "1 subscriber"));
    await write(log, "filter", "-frame -measured -progress");
    await write(controls, "gain", "1");
    await shows(log, message("call", "studio.settings.replace", "controls-1", "main"));
    await shows(log, message("state", "studio.settings.settings", "main", "3 subscribers"));
    await shows(log, message("notify", "studio.worker.adjust", "main", "camera-1"));
    await shows(log, message("call", "studio.snapshots.take", "controls-1", "viewer-1"));
    await shows(log, message("call", "portcullis.windows.close", "controls-1", "main"));
    await write(log, "filter", "");
  });

  test("get a notice, and the sender is told who got it", async () => {
    await write(controls, "notice", "Recording starts in five minutes");
    await click(controls, "#send-notice");
    for (const page of [viewer, controls, log]) {
      await shows(page, `document.getElementById("toasts").textContent.includes("Recording starts in five minutes")`);
    }
    await shows(controls, `document.getElementById("deliveries-figure").textContent === "Reached 3 of 3 windows"`);
  });

  test("leave nothing behind when one is reloaded in the middle of the stream", async () => {
    // Calls come and go while a line is written; the least of some lines is what is open all the time.
    const least = async () => {
      const lines = await studio.next(4);
      return { peers: Math.min(...lines.map(({ peers }) => peers)), open: Math.min(...lines.map(({ open }) => open)) };
    };
    const before = await least();
    assert.equal(before.peers, 7);
    for (let turn = 0; turn < 3; turn++) {
      const from = await sequence(viewer);
      await viewer.call("Page.reload");
      await until(async () => (await sequence(viewer).catch(() => -1)) > from, "pictures after the reload");
    }
    await connected(viewer);
    await until(async () => {
      const now = await least();
      return now.peers === before.peers && now.open === before.open;
    }, "return of the counters");
    await shows(controls, row("viewer-1", "Open"));
    await shows(controls, FIVE);
  });

  test("complain of nothing", () => {
    for (const page of [viewer, controls, log]) assert.deepEqual(page.problems, []);
  });

  test("say that the studio was closed, which ends in order", async () => {
    await click(controls, "#quit");
    assert.equal(await studio.ended, 0);
    for (const page of [viewer, controls, log]) {
      await shows(page, `document.getElementById("banner-title").textContent === "Connection lost"`);
    }
  });
});
