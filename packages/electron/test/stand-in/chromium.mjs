// Starts Chromium without a screen, as an ordinary user and in its own sandbox wherever that can be had, and sees to it
// that nothing of it stays behind.
import { spawn } from "node:child_process";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Pipe } from "./pipe.mjs";

/** A browser that has not answered by then is not going to. */
const START_MS_MAX = 60_000;

/** How long it may take to end by itself. */
const END_MS_MAX = 5_000;

const FLAGS = [
  "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-proxy-server", "--no-first-run", "--no-default-browser-check",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions", "--mute-audio",
  "--disable-popup-blocking", "--disable-hang-monitor", "--disable-breakpad", "--disable-dev-shm-usage", "--password-store=basic",
  // As in Electron: ports tell when their other end is gone.
  "--enable-blink-features=MessagePortCloseEvent",
  // As in Electron: no document is kept for going back. And no process waits for a page that nobody has asked for.
  "--disable-features=BackForwardCache,SpareRendererForSitePerProcess",
  // Windows without a screen are all in the background; only what a test freezes shall be frozen.
  "--disable-background-timer-throttling", "--disable-backgrounding-occluded-windows", "--disable-renderer-backgrounding",
];

/**
 * A running browser: `pipe` speaks to it, `sandboxed` and `user` say how it runs, `note` why it does not run better,
 * `close` ends it, `ended` is settled when it has.
 */
export async function launch({ binary = process.env.CHROMIUM ?? "chromium" } = {}) {
  const refused = [];
  for (const way of await ways()) {
    const tried = await start(binary, way).catch((error) => ({ error }));
    if (tried.error === undefined) return { ...tried, ...way, note: refused.join("; ") };
    refused.push(`${way.sandboxed ? "in its sandbox" : "without its sandbox"} as ${way.user}: ${tried.error.message}`);
  }
  throw new Error(`${binary} does not start: ${refused.join("; ")}`);
}

/** How to start it, the best way first. Root is refused a sandbox, so root lends it the rights of nobody. */
async function ways() {
  if (process.getuid?.() !== 0) return [true, false].map((sandboxed) => ({ sandboxed, user: "this user" }));
  const listed = await readFile("/etc/passwd", "utf8").catch(() => "");
  const nobody = listed.split("\n").map((line) => line.split(":")).find(([name]) => name === "nobody");
  const asNobody = nobody && { user: "nobody", uid: Number(nobody[2]), gid: Number(nobody[3]) };
  const ordinary = asNobody === undefined ? [] : [true, false].map((sandboxed) => ({ sandboxed, ...asNobody }));
  return [...ordinary, { sandboxed: false, user: "root" }];
}

async function start(binary, { sandboxed, uid, gid }) {
  const profile = await mkdtemp(join(tmpdir(), "portcullis-chromium-"));
  if (uid !== undefined) await chown(profile, uid, gid);
  const args = [...FLAGS, ...(sandboxed ? [] : ["--no-sandbox"]), `--user-data-dir=${profile}`, "about:blank"];
  const env = { PATH: process.env.PATH, LANG: "C.UTF-8", HOME: profile, TMPDIR: profile };
  const child = spawn(binary, args, { uid, gid, env, stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"] });
  const pipe = new Pipe(child.stdio[3], child.stdio[4]);
  let said = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (part) => (said = (said + part).slice(-4096)));
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(`it was not started: ${error.message}`));
    child.once("exit", (code, signal) => resolve(`it has ended with ${code ?? signal}`));
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const gone = ended.then(async (why) => {
    pipe.end(why);
    process.off("exit", kill);
    await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    return why;
  });
  const close = async () => {
    pipe.post("Browser.close");
    const timer = setTimeout(kill, END_MS_MAX);
    await gone;
    clearTimeout(timer);
  };
  const watchdog = setTimeout(kill, START_MS_MAX);
  try {
    const { product } = await pipe.send("Browser.getVersion");
    return { pipe, product, pid: child.pid, ended: gone, close };
  } catch (error) {
    kill();
    await gone;
    const lines = said.split("\n").filter((line) => line !== "" && !line.includes("/dbus/"));
    throw new Error(`${error.message} ${lines.slice(-3).join(" / ")}`.trim());
  } finally {
    clearTimeout(watchdog);
  }
}
