// What the protocol's events do to a page: which frames and worlds there are, and which of Electron's events follow.
import { browser } from "./browser.mjs";
import { WebFrameMain } from "./frames.mjs";
import { ipcMain } from "./ipc-main.mjs";
import { MessagePortMain } from "./ports.mjs";
import { answerRequest, toElectron } from "./protocol.mjs";
import { World, WORLD } from "./world.mjs";

/** How the stand-in behaves where Electron's releases differ. */
export const behaviour = {
  /** Whether a frame outlives its document when the next one has the same origin, as it did in older releases. */
  framesOutliveDocuments: false,
  /** How long a preload's message to main is under way: long enough, and its document is gone when it comes. */
  messageDelayMs: 0,
};

/** An event as Electron hands it to a listener, with what a listener may say no to. */
export const eventOf = (details = {}) => ({
  ...details,
  defaultPrevented: false,
  preventDefault() {
    this.defaultPrevented = true;
  },
});

/** A preload's message arrives in main. */
function post(page, frame, channel, message, ends) {
  const gone = frame.isDestroyed();
  const ids = { processId: gone ? -1 : frame.processId, frameId: gone ? -1 : frame.routingId };
  const event = eventOf({ type: "frame", sender: page.contents, ports: ends.map((end) => new MessagePortMain(end)), ...ids });
  // Looked at when it is asked for: by then the document may be gone.
  const get = () => (frame.isDestroyed() ? null : frame);
  ipcMain.emit(channel, Object.defineProperty(event, "senderFrame", { get, enumerable: true }), message);
}

/** By the name of the protocol's event: `(page, params, sessionId)`. */
export const TAKES = {
  "Fetch.requestPaused"(page, paused, session) {
    const { requestId, redirectedRequestId, frameId, request, resourceType } = paused;
    const url = toElectron(request.url);
    const asked = redirectedRequestId !== undefined || page.asked !== undefined;
    let prevented = false;
    if (resourceType === "Document" && page.frames.isMain(frameId) && asked) {
      page.asked = undefined;
      const event = eventOf({ url, isSameDocument: false, isMainFrame: true, frame: page.frames.main });
      page.contents.emit(redirectedRequestId === undefined ? "will-navigate" : "will-redirect", event, url, false, true);
      prevented = event.defaultPrevented;
    }
    if (!prevented && answerRequest(paused, session)) return;
    const answer = prevented ? ["Fetch.failRequest", { requestId, errorReason: "Aborted" }] : ["Fetch.continueRequest", { requestId }];
    browser.pipe.post(...answer, session);
  },

  "Page.frameRequestedNavigation"(page, { frameId, url, disposition }) {
    if (page.frames.isMain(frameId) && disposition === "currentTab") page.asked = url;
  },

  "Page.frameStartedNavigating"(page, { frameId, url: asked, navigationType }) {
    const url = toElectron(asked);
    const isMainFrame = page.frames.isMain(frameId) || page.frames.main === null;
    const isSameDocument = navigationType === "sameDocument" || navigationType === "historySameDocument";
    const frame = page.frames.get(frameId);
    const event = eventOf({ url, isSameDocument, isMainFrame, frame });
    page.contents.emit("did-start-navigation", event, url, isSameDocument, isMainFrame, frame?.processId ?? -1, frame?.routingId ?? -1);
  },

  "Page.frameNavigated"(page, { frame }) {
    const isMainFrame = frame.parentId === undefined;
    const now = page.frames.commit(frame, page.processId, behaviour.framesOutliveDocuments);
    if (isMainFrame) {
      page.url = now.url;
      page.loader = frame.loaderId;
    }
    // What has run in the empty document that a window begins with may live on in the first one of the same origin.
    for (const context of page.contexts.values()) if (context.frameId === frame.id) context.frame = now;
    // A page of Chromium's own that shows an error is no navigation of Electron's.
    const [name, code, text] = frame.unreachableUrl === undefined ? ["did-frame-navigate", 200, "OK"] : ["did-fail-provisional-load", -2, "ERR_FAILED"];
    const told = name === "did-frame-navigate" ? [now.url, code, text] : [code, text, toElectron(frame.unreachableUrl)];
    page.contents.emit(name, eventOf(), ...told, isMainFrame, now.processId, now.routingId);
  },

  "Page.frameAttached"(page, { frameId, parentFrameId }) {
    page.frames.attach(frameId, parentFrameId);
  },

  "Page.frameDetached"(page, { frameId, reason }) {
    if (reason !== "swap") page.frames.remove(frameId);
  },

  "Page.loadEventFired"(page, _, session) {
    if (session !== page.session) return;
    page.loaded = page.loader;
    for (const { loaderId, resolve, reject } of page.loading.splice(0)) {
      if (loaderId === undefined || loaderId === page.loaded) resolve();
      else reject(new Error("ERR_ABORTED: another navigation took its place"));
    }
  },

  "Page.frameStoppedLoading"(page, { frameId }) {
    if (page.frames.isMain(frameId)) page.contents.emit("did-stop-loading");
  },

  "Page.windowOpen"(_, { url, windowName }, session) {
    browser.openings.set(session, { url: toElectron(url), frameName: windowName });
  },

  "Runtime.executionContextCreated"(page, { context }, session) {
    const { frameId, isDefault } = context.auxData;
    const isolated = context.name === WORLD;
    if (!isolated && !isDefault) return;
    const key = `${session} ${context.id}`;
    // No event tells of an empty document.
    const frame = page.frames.get(frameId) ?? page.frames.commit({ id: frameId, url: "about:blank", securityOrigin: context.origin }, page.processId);
    WebFrameMain.runsAs(frame, context.origin);
    const known = { session, id: context.id, isolated, frameId, frame };
    page.contexts.set(key, known);
    if (!isolated) return;
    const call = (door, text) => {
      const functionDeclaration = `(text) => globalThis.${door}(text)`;
      browser.pipe.post("Runtime.callFunctionOn", { functionDeclaration, executionContextId: context.id, arguments: [{ value: text }] }, session);
    };
    page.worlds.set(key, new World(call, known));
  },

  "Runtime.executionContextDestroyed"(page, { executionContextId }, session) {
    page.endWorlds((key) => key === `${session} ${executionContextId}`);
  },

  "Runtime.executionContextsCleared"(page, _, session) {
    page.endWorlds((_, context) => context.session === session);
  },

  "Runtime.bindingCalled"(page, { payload, executionContextId }, session) {
    const world = page.worlds.get(`${session} ${executionContextId}`);
    const failed = (path, message) => page.contents.emit("preload-error", eventOf(), path, new Error(message));
    world?.take(payload, failed, (channel, message, ends) => {
      const { frame } = world.context;
      if (behaviour.messageDelayMs > 0) setTimeout(() => post(page, frame, channel, message, ends), behaviour.messageDelayMs);
      else post(page, frame, channel, message, ends);
    });
  },

  "Runtime.consoleAPICalled"(page, { type, args }) {
    if (type === "error") page.problems.push(args.map(({ value, description }) => value ?? description).join(" "));
  },

  "Runtime.exceptionThrown"(page, { exceptionDetails }) {
    page.problems.push(exceptionDetails.exception?.description ?? exceptionDetails.text);
  },

  "Target.attachedToTarget"(page, { sessionId, targetInfo }) {
    if (targetInfo.type === "iframe") void page.enter(sessionId).catch(() => {});
    else browser.pipe.post("Runtime.runIfWaitingForDebugger", {}, sessionId);
  },

  "Target.detachedFromTarget"(page, { sessionId }) {
    page.leave(sessionId);
  },
};
