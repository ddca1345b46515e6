// The one browser behind the app of this process: it is started once, and gives every target its `WebContents`.
import { launch } from "./chromium.mjs";

/** What a page of its own is told before its first document. */
const ATTACH = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };

export const browser = {
  /** Set by the start. */
  pipe: undefined,
  chromium: undefined,
  /** Every `Page` by its target, and by each of its sessions. */
  targets: new Map(),
  sessions: new Map(),
  /** What pages have asked to open, by the session that did. */
  openings: new Map(),
  /** Called for a page that a page has opened: `(targetId, sessionId, openerId)`. */
  opened: () => {},
};

let starting;
/** Pages that were asked for, until they are there: by target id, what to do with the session. */
const awaited = new Map();
const early = new Map();

/** Starts Chromium, once. */
export function startBrowser() {
  return (starting ??= start());
}

async function start() {
  browser.chromium = await launch();
  const { pipe } = browser.chromium;
  browser.pipe = pipe;
  const { targetInfos } = await pipe.send("Target.getTargets");
  const first = new Set(targetInfos.map(({ targetId }) => targetId));
  pipe.on("Target.attachedToTarget", ({ sessionId, targetInfo, waitingForDebugger }, parent) => {
    if (parent !== undefined) return; // A frame or worker of a page, which sees to it itself.
    if (first.has(targetInfo.targetId) || targetInfo.type !== "page") {
      if (waitingForDebugger) pipe.post("Runtime.runIfWaitingForDebugger", {}, sessionId);
    } else if (targetInfo.openerId !== undefined) {
      browser.opened(targetInfo.targetId, sessionId, targetInfo.openerId);
    } else {
      const taken = awaited.get(targetInfo.targetId);
      if (taken === undefined) early.set(targetInfo.targetId, sessionId);
      else taken(sessionId);
    }
  });
  pipe.on("Target.targetDestroyed", ({ targetId }) => browser.targets.get(targetId)?.targetDestroyed());
  pipe.on("Target.targetCrashed", ({ targetId, status, errorCode }) => browser.targets.get(targetId)?.targetCrashed(status, errorCode));
  for (const name of PAGE_EVENTS) pipe.on(name, (params, sessionId) => browser.sessions.get(sessionId)?.take(name, params, sessionId));
  void browser.chromium.ended.then(() => {
    for (const contents of [...browser.targets.values()]) contents.targetDestroyed();
  });
  await pipe.send("Target.setDiscoverTargets", { discover: true });
  await pipe.send("Target.setAutoAttach", ATTACH);
}

/** The events that a page's `WebContents` listens to. */
const PAGE_EVENTS = [
  "Fetch.requestPaused", "Page.frameAttached", "Page.frameDetached", "Page.frameNavigated", "Page.frameRequestedNavigation",
  "Page.frameStartedNavigating", "Page.frameStoppedLoading", "Page.loadEventFired", "Page.windowOpen", "Runtime.bindingCalled",
  "Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Runtime.executionContextCreated", "Runtime.executionContextDestroyed",
  "Runtime.executionContextsCleared", "Target.attachedToTarget", "Target.detachedFromTarget",
];

/** Makes a page with a window of its own; it waits until `Runtime.runIfWaitingForDebugger`. */
export async function createTarget() {
  await startBrowser();
  const { targetId } = await browser.pipe.send("Target.createTarget", { url: "about:blank", newWindow: true });
  const sessionId = early.get(targetId) ?? (await new Promise((resolve) => awaited.set(targetId, resolve)));
  early.delete(targetId);
  awaited.delete(targetId);
  return { targetId, sessionId };
}

/** Ends the browser, and with it every page. One that was never started, or did not start, is ended already. */
export async function closeBrowser() {
  await starting?.catch(() => {});
  await browser.chromium?.close();
}
