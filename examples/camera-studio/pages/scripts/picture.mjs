// Takes the picture of the README: the running studio, its three windows on one desk.
// STUDIO=target/release/camera-studio node scripts/picture.mjs [FILE]
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { startStudio, until } from "../e2e/studio.mjs";
import { launch } from "./browser.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const file = process.argv[2] ?? join(here, "../../../../docs/images/studio.png");

const WINDOWS = [
  { name: "log", width: 1020, height: 480, dark: true, x: 60, y: 650 },
  { name: "controls", width: 600, height: 1080, dark: false, x: 1126, y: 48 },
  { name: "viewer", width: 1120, height: 604, dark: true, x: 30, y: 32 },
];
const DESK = { width: 1754, height: 1180 };
/** The picture is smaller than the desk: a README shows it smaller still. */
const SCALE = 0.75;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const studio = await startStudio("--no-kill", "--quiet", "--source", "pattern:640x360@30", "--source", "pattern:640x360@30", "--source", "pattern:320x180@15");
const browser = await launch();
try {
  const pages = {};
  for (const { name, width, height, dark } of [...WINDOWS].reverse()) {
    const page = await browser.page({ width, height, dark });
    await page.goto(name === "viewer" ? pathToFileURL(studio.launcher).href : studio.addresses[name]);
    await until(() => page.evaluate(`document.getElementById("connection")?.dataset.state === "connected"`).catch(() => false), name);
    pages[name] = page;
  }
  const { controls, log, viewer } = pages;
  await controls.evaluate(`(() => {
    const write = (id, value) => {
      const field = document.getElementById(id);
      field.value = value;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    };
    write("annotation", "Stage left, rehearsal");
    write("gain", "3");
    setTimeout(() => write("gain", "1"), 2000);
    document.querySelector("#cameras .camera:last-child button").click();
  })()`);
  // Charts and figures need some seconds to fill.
  await wait(16_000);
  await controls.evaluate(`document.getElementById("take-snapshot").click()`);
  await until(() => controls.evaluate(`document.getElementById("snapshot").naturalWidth > 0`), "snapshot");
  await controls.evaluate(`(() => {
    const field = document.getElementById("notice");
    field.value = "Recording starts in five minutes";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.getElementById("send-notice").click();
    document.activeElement?.blur();
  })()`);
  await log.evaluate(`(() => {
    const field = document.getElementById("filter");
    field.value = "-frame -measured -progress -reported";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  })()`);
  await until(() => controls.evaluate(`document.getElementById("deliveries-figure").textContent !== ""`), "deliveries");
  await wait(600);
  // The notice has been seen; what lies beneath it is shown.
  for (const page of [viewer, controls, log]) await page.evaluate(`document.getElementById("toasts").replaceChildren()`);

  const shots = [];
  for (const each of WINDOWS) shots.push({ ...each, png: (await pages[each.name].screenshot()).toString("base64") });
  const desk = await browser.page(DESK);
  const { frameTree } = await desk.call("Page.getFrameTree");
  await desk.call("Page.setDocumentContent", { frameId: frameTree.frame.id, html: scene(shots) });
  await desk.evaluate(`Promise.all([...document.images].map((image) => image.decode()))`);
  const clip = { x: 0, y: 0, ...DESK, scale: SCALE };
  const { data } = await desk.call("Page.captureScreenshot", { format: "png", clip });
  const png = Buffer.from(data, "base64");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, png);
  console.log(`${file}: ${Math.round(png.length / 1000)} kB`);
} finally {
  await browser.close();
  await studio.stop();
}

function scene(shots) {
  const windows = shots.map(({ x, y, width, height, dark, png }) => `
    <div class="window ${dark ? "dark" : "light"}" style="left:${x}px;top:${y}px;width:${width}px">
      <div class="bar"><i></i><i></i><i></i></div>
      <img src="data:image/png;base64,${png}" width="${width}" height="${height}">
    </div>`);
  return `<!doctype html><style>
    body { margin: 0; background: #b4c1d8; height: ${DESK.height}px; overflow: hidden; }
    .window { position: absolute; border-radius: 10px; overflow: hidden; box-shadow: 0 18px 50px rgb(20 30 60 / 38%), 0 2px 8px rgb(20 30 60 / 30%); }
    .bar { height: 28px; display: flex; gap: 7px; align-items: center; padding-left: 12px; background: #e9ecf2; }
    .dark .bar { background: #262b36; }
    i { width: 11px; height: 11px; border-radius: 50%; background: #c3c9d4; }
    .dark i { background: #4a5163; }
    img { display: block; }
  </style>${windows.join("")}`;
}
