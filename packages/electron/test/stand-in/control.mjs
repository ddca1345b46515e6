// What tests do to the stand-in and ask of it, and no application could: look into a page, kill its process, freeze it.
import { readFile } from "node:fs/promises";
import { browser } from "./browser.mjs";
import { behaviour } from "./page-events.mjs";
import { WebContents } from "./web-contents.mjs";

export { behaviour };

/** How much of a processor's time a page burns to be found. */
const BURN_MS = 150;

const page = (contents) => WebContents.pageOf(contents);

async function evaluateIn(contents, expression, isolated, frame) {
  const of = page(contents);
  await of.ready;
  const context = [...of.contexts.values()].find((each) => each.isolated === isolated && each.frame === (frame ?? of.frames.main));
  if (context === undefined) throw new Error("there is no document to evaluate that in");
  const params = { expression, contextId: context.id, awaitPromise: true, returnByValue: true };
  const { result, exceptionDetails } = await browser.pipe.send("Runtime.evaluate", params, context.session);
  if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  return result.value;
}

/** The value of an expression in the page's own world, promises awaited. */
export const evaluate = (contents, expression, frame) => evaluateIn(contents, expression, false, frame);

/** The same in the preload's world. */
export const evaluateInPreload = (contents, expression, frame) => evaluateIn(contents, expression, true, frame);

/** A frame inside the page, by its address. */
export function childFrame(contents, url) {
  const { frames } = page(contents);
  return frames.find((frame) => frame !== frames.main && frame.url.startsWith(url));
}

/** What the page has complained of so far. */
export const problems = (contents) => page(contents).problems;

/** The renderer crashes by its own fault. */
export function crash(contents) {
  void page(contents).command("Page.crash").catch(() => {});
}

/** The process number of the page's renderer: the one whose time passes while the page burns it. */
export async function rendererPid(contents) {
  const times = async () => {
    const { processInfo } = await browser.pipe.send("SystemInfo.getProcessInfo");
    return new Map(processInfo.filter(({ type }) => type === "renderer").map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await times();
  await evaluate(contents, `(() => { const end = performance.now() + ${BURN_MS}; while (performance.now() < end); })()`);
  const burnt = [...(await times())].map(([pid, time]) => [pid, time - (before.get(pid) ?? 0)]);
  return burnt.sort(([, one], [, two]) => two - one)[0][0];
}

/** Ends the renderer as `kill -9` does. */
export async function killRenderer(contents) {
  process.kill(await rendererPid(contents), "SIGKILL");
}

/** Whether the kernel filters the system calls of a process: what Chromium's sandbox amounts to on Linux. */
export async function isSandboxed(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return /^Seccomp:\t2$/m.test(status);
}

/** Freezes the page as a browser does with one in the background: none of its tasks run. Or lets it run again. */
export async function freeze(contents, frozen) {
  await page(contents).command("Page.setWebLifecycleState", { state: frozen ? "frozen" : "active" });
}

/**
 * All of the page's clocks are so much further at once, as after a sleep of the machine; its timers are as they were. (The
 * protocol's virtual time cannot be left again: a page stands still when it is used up.)
 */
export async function clocksJump(contents, ms) {
  await evaluate(contents, `(() => {
    for (const clock of [performance, Date]) {
      const now = clock.now.bind(clock);
      clock.now = () => now() + ${ms};
    }
  })()`);
}

/** All sizes of what the stand-in keeps, for tests that want everything back. */
export function counts() {
  const sum = { targets: browser.targets.size, sessions: browser.sessions.size, frames: 0, worlds: 0, contexts: 0, ports: 0 };
  for (const { counts } of browser.targets.values()) {
    for (const key of ["frames", "worlds", "contexts", "ports"]) sum[key] += counts[key];
  }
  return sum;
}
