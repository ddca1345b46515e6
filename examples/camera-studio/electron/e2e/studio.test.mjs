// The whole studio in the stand-in: three windows, the light meter's utility process and the camera workers.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as control from "../../../../packages/electron/test/stand-in/control.mjs";
import { startStudio, until } from "./studio.mjs";

/** What hangs ends. */
const WATCHDOG = { timeout: 5 * 60_000 };

let studio;
let viewer;
let controls;
let log;

const evaluate = (window, expression) => control.evaluate(window.webContents, expression);
/** Waits for an expression of the page to be true. */
const shows = (window, expression) => until(() => evaluate(window, `Boolean(${expression})`).catch(() => false), expression);
const connected = (window) => shows(window, `document.getElementById("connection")?.dataset.state === "connected"`);
const text = (window, id) => evaluate(window, `document.getElementById("${id}").textContent`);
const click = (window, selector) => evaluate(window, `document.querySelector('${selector}').click()`);

/** The mean of the canvas' pixels, which differs from picture to picture. */
const pixels = (window) =>
  evaluate(window, `(() => {
    const canvas = document.getElementById("picture");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
    return sum / data.length;
  })()`);

/** Writes into a field as a user does. */
const write = (window, id, value) =>
  evaluate(window, `(() => {
    const field = document.getElementById("${id}");
    field.value = ${JSON.stringify(value)};
    field.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);

/** Whether a window is listed with a status; for the page to find out. */
const row = (about, status) => `[...document.querySelectorAll("#windows .window")].some((each) =>
  each.querySelector(".window-about").textContent === "${about}" && each.querySelector(".pill").textContent === "${status}")`;

before(async () => {
  studio = await startStudio();
  const found = (name) => until(() => studio.window(name), `${name} window`);
  [viewer, controls, log] = await Promise.all([found("viewer"), found("controls"), found("log")]);
  for (const window of [viewer, controls, log]) await connected(window);
}, { timeout: 35 * 60_000 });

after(async () => {
  studio?.app.exit(0);
  await studio?.app.exited;
  await studio?.remove();
}, WATCHDOG);

describe("the studio on Electron", WATCHDOG, () => {
  test("opens three windows, each known by its label", async () => {
    const labels = await Promise.all([viewer, controls, log].map((window) => text(window, "connection-text")));
    assert.deepEqual(labels, ["viewer-1", "controls", "log"]);
  });

  test("shows moving pictures, and what the light meter says of them", async () => {
    await shows(viewer, `document.getElementById("stage").dataset.live === "true"`);
    const seen = new Set();
    await until(async () => seen.add(await pixels(viewer)).size >= 5, "five different pictures");
    await shows(viewer, `/^\\d+$/.test(document.getElementById("brightness").textContent)`);
    assert.equal((await studio.workers()).length, 2);
  });

  test("shows how often a picture is copied for the viewer", async () => {
    // Into the bytes of its connection, into the records that main's JavaScript drains, into the message of its port; and the page
    // puts the picture together.
    const copies = `document.querySelector('#receivers [data-cell="copies"]')?.textContent`;
    await shows(viewer, `${copies} === "4.0"`);
    assert.equal(await evaluate(viewer, `document.querySelector("#receivers th").textContent`), "viewer-1");
  });

  test("shows in the viewer what is set in the controls", async () => {
    await write(controls, "annotation", "Seen everywhere");
    await shows(viewer, `document.getElementById("annotation").textContent === "Seen everywhere"`);
    const bright = await pixels(viewer);
    await write(controls, "exposure", "-3");
    await until(async () => (await pixels(viewer)) < bright / 2, "darker picture");
    await write(controls, "exposure", "0");
    await shows(log, `[...document.querySelectorAll("#rows tr")].some((each) => each.textContent.includes("studio.settings.replace"))`);
  });

  test("lists its windows, and brings one to the front", async () => {
    for (const about of ["viewer-1", "controls · this window", "log"]) await shows(controls, row(about, "Open"));
    controls.focus();
    assert.equal(viewer.isFocused(), false);
    await click(controls, `[aria-label="Show viewer-1"]`);
    await until(() => viewer.isFocused(), "viewer in front");
    // A link to another window does the same.
    await click(viewer, `nav a[href="log.html"]`);
    await until(() => log.isFocused(), "message log in front");
    assert.equal(studio.count(), 3);
  });

  test("closes a window and opens another of its kind", async () => {
    await click(controls, `[aria-label="Close log"]`);
    const open = `[aria-label="Open Message log"]`;
    await shows(controls, `document.querySelector('${open}')`);
    await click(controls, open);
    log = await until(() => studio.window("log"), "message log");
    await connected(log);
    await shows(controls, row("log", "Open"));
  });

  test("takes a picture of the viewer, from window to window", async () => {
    await click(controls, "#take-snapshot");
    await shows(controls, `document.getElementById("snapshot").naturalWidth === 640`);
    assert.match(await text(controls, "snapshot-figure"), /^From viewer-1: /);
  });

  test("complains of nothing", () => {
    for (const window of [viewer, controls, log]) assert.deepEqual(control.problems(window.webContents), []);
  });

  test("keeps its pages to their policy", async () => {
    const asked = `fetch("/viewer.html").then(() => "fetched", () => "refused")`;
    assert.equal(await evaluate(viewer, asked), "refused");
  });

  test("quits from a window, and the camera workers are gone", async () => {
    await click(controls, "#quit");
    assert.equal(await studio.app.exited, 0);
    await until(async () => (await studio.workers()).length === 0, "end of the workers");
  });
});
