// Measures the studio with big pictures and two windows: how pictures reach each receiver, and what each process takes.
// STUDIO=target/release/camera-studio node scripts/measure.mjs [SECONDS] [OPTION…]; options are the studio's, --hd without any.
// With --stall, the second window stops reading for the middle third of the run.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { startStudio, until } from "../e2e/studio.mjs";
import { launch } from "./browser.mjs";

/** How long both windows may take to show pictures, before the figures begin to count. */
const WARM_UP_SECONDS = 3;
/** The clock of the times in `stat`. */
const TICKS_A_SECOND = 100;

const given = process.argv.slice(2);
const stall = given.includes("--stall");
const [seconds = "20", ...rest] = given.filter((each) => each !== "--stall");
const options = rest.length > 0 ? rest : ["--hd"];
const ms = Number(seconds) * 1000;
const wait = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Every process below one, with the words of its command line and the processor time it has had, in seconds. */
async function processes(root) {
  const found = new Map();
  for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const read = (file) => readFile(`/proc/${id}/${file}`, "utf8").catch(() => "");
    // After the name, which may hold anything: state, parent, then ten more until the times in user and system mode.
    const fields = (await read("stat")).split(") ").at(-1).split(" ");
    // Chromium writes its own, with spaces.
    const words = (await read("cmdline")).split(/[\0 ]/).filter((word) => word !== "");
    found.set(Number(id), { parent: Number(fields[1]), words, cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND });
  }
  const below = (id) => id === root || (found.has(id) && below(found.get(id).parent));
  return [...found].filter(([id]) => below(id));
}

/** What people call a process. */
function name([id, { words }]) {
  if (id === studio.id) return "main";
  if (words.includes("worker")) return "camera";
  if (words.includes("renderer")) return words.at(-1);
  return words.includes("--type=renderer") ? "window" : "browser";
}

const folder = await mkdtemp(join(tmpdir(), "studio-measure-"));
const summary = join(folder, "summary.json");
const total = Math.round(ms / 1000) + WARM_UP_SECONDS + 15;
const studio = await startStudio("--no-kill", "--for", `${total}s`, "--summary", summary, ...options);
const browser = await launch();
try {
  const windows = [];
  for (const address of [pathToFileURL(studio.launcher).href, studio.addresses.viewer]) {
    const page = await browser.page();
    await page.goto(address);
    await until(() => page.evaluate(`document.getElementById("stage")?.dataset.live === "true"`).catch(() => false), "pictures");
    windows.push(page);
  }
  await wait(WARM_UP_SECONDS * 1000);
  const all = async () => [...(await processes(studio.id)), ...(await processes(browser.id))];
  const look = async () => ({ at: performance.now(), frames: studio.seconds.at(-1).frames, receivers: structuredClone(studio.receivers), processes: new Map(await all()) });
  const before = await look();
  if (stall) {
    await wait(ms / 3);
    // As long as this runs, the page takes nothing from its socket.
    void windows[1].evaluate(`(() => { const end = performance.now() + ${ms / 3}; while (performance.now() < end); })()`).catch(() => {});
    await wait((ms / 3) * 2);
  } else {
    await wait(ms);
  }
  const after = await look();
  const span = (after.at - before.at) / 1000;
  const figures = Object.entries(after.receivers).map(([label, { copies, ...now }]) => {
    const since = (what) => now[what] - before.receivers[label][what];
    return { receiver: label, received: since("received"), "a second": (since("received") / span).toFixed(1), missed: since("missed"), copies };
  });
  console.log(`within ${span.toFixed(1)} s, ${studio.seconds.at(-1).frames - before.frames} pictures published`);
  console.table(figures);
  // A browser has processes of which nobody has heard: together they are one line, and so are those that do nothing.
  const cpu = {};
  for (const [id, now] of after.processes) {
    const share = ((now.cpu - (before.processes.get(id)?.cpu ?? now.cpu)) / span) * 100;
    const key = name([id, now]);
    if (key === "window" && share >= 1) cpu[`${key} ${id}`] = share;
    else cpu[key] = (cpu[key] ?? 0) + share;
  }
  console.table(Object.entries(cpu).map(([process, share]) => ({ process, "CPU, % of a core": Math.round(share) })));
  await studio.ended;
  console.log(studio.lines.filter((line) => /^ran for|^ {2}\S+ +received/.test(line)).join("\n"));
  const { frames } = JSON.parse(await readFile(summary, "utf8"));
  console.table(frames.receivers);
} finally {
  await browser.close();
  studio.kill();
  await rm(folder, { recursive: true, force: true });
}
