// Runs the studio's binary and reads what it prints. STUDIO names a binary that was built before; without it, cargo
// builds and runs one.
import { spawn } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { createInterface } from "node:readline";

/** How long the studio may take to say where its windows are; building it included. */
const START_MS = 30 * 60_000;

const LINE = /^\s*(\d+) s {2}peers (\d+) {2}calls (\d+) {2}frames (\d+) .* errors (\d+) {2}open (\d+)$/;
/** A receiver's line below it. */
const RECEIVER = /^ {8}(\S+) +received +(\d+) +([\d.]+)\/s +([\d.]+) MB\/s {2}missed +(\d+) {2}copies ([\d.]+)$/;

/** Starts the studio; `lines` grows while it runs. */
export async function startStudio(...options) {
  const [command, ...first] = process.env.STUDIO
    ? [process.env.STUDIO]
    : ["cargo", "run", "--quiet", "--release", "--package", "camera-studio", "--"];
  const child = spawn(command, [...first, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  // Its processes end with it, and it with this one.
  process.once("exit", () => child.kill("SIGKILL"));
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  const studio = {
    /** The number of its process, where it was not cargo that was started. */
    id: child.pid,
    /** The lines of each second, as numbers. */
    seconds: [],
    /** What the last line of each receiver said, as numbers, by its label. */
    receivers: {},
    /** Every other line. */
    lines: [],
    launcher: "",
    addresses: {},
    /** Its exit code, or the signal that ended it. */
    ended,
    /** Ends it as Ctrl-C does. */
    stop() {
      child.kill("SIGINT");
      return ended;
    },
    kill: () => child.kill("SIGKILL"),
    /** The number of the process that it has started with this as the last argument. */
    async process(argument) {
      for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        const read = (file) => readFile(`/proc/${id}/${file}`, "utf8").catch(() => "");
        const parent = /^PPid:\s+(\d+)$/m.exec(await read("status"))?.[1];
        if (Number(parent) === child.pid && (await read("cmdline")).endsWith(`\0${argument}\0`)) return Number(id);
      }
      throw new Error(`the studio runs no ${argument}`);
    },
    /** The next lines of a second, from now on. */
    async next(count) {
      const from = studio.seconds.length;
      await until(() => studio.seconds.length >= from + count, "lines of the studio");
      return studio.seconds.slice(from, from + count);
    },
  };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const second = LINE.exec(line);
    const receiver = RECEIVER.exec(line);
    if (receiver !== null) {
      const [received, framesPerSecond, megabytesPerSecond, missed, copies] = receiver.slice(2).map(Number);
      studio.receivers[receiver[1]] = { received, framesPerSecond, megabytesPerSecond, missed, copies };
    } else if (second === null) {
      studio.lines.push(line);
      const file = /^ {2}(\/.*\.html)$/.exec(line) ?? /to let in another browser, open (.*)$/.exec(line);
      if (file !== null) studio.launcher = file[1];
      const address = /^ {2}(\w+) +(http:.*)$/.exec(line);
      if (address !== null) studio.addresses[address[1]] = address[2];
    } else {
      const [at, peers, calls, frames, errors, open] = second.slice(1).map(Number);
      studio.seconds.push({ at, peers, calls, frames, errors, open });
    }
  });
  let over;
  void ended.then((code) => (over = code));
  await until(
    () => {
      if (over !== undefined) throw new Error(`the studio has ended with ${over}`);
      return Object.keys(studio.addresses).length === 3;
    },
    "the addresses of the windows",
    START_MS,
  );
  return studio;
}

/** Asks until the answer is yes; a watchdog, not a measurement. */
export async function until(ask, what, withinMs = 60_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`no ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
