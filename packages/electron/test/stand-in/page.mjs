// One page behind a `WebContents`: its sessions, its frames and the preload's worlds in them. What the protocol's events
// do to it stands in page-events.mjs; what Electron tells of it, in web-contents.mjs.
import { browser } from "./browser.mjs";
import { FrameTree } from "./frames.mjs";
import { TAKES } from "./page-events.mjs";
import { SCHEME_REQUESTS, toChromium } from "./protocol.mjs";
import { preloadSources } from "./session.mjs";
import { isolatedSource, MAIN_PROLOGUE, OUT, WORLD } from "./world.mjs";

let processes = 0;

export class Page {
  frames = new FrameTree();
  /** By session and the protocol's number: every context that is the page's own or a preload's, and of the latter the world. */
  contexts = new Map();
  worlds = new Map();
  /** Stands for the number that Chromium gives a renderer's process, which the protocol does not tell. */
  processId = ++processes;
  url = "";
  /** Where a script or link of the page wants to go, until the request is seen. */
  asked = undefined;
  /** What the page complained of. */
  problems = [];
  /** Whoever waits for the page to have loaded. */
  loading = [];
  gone = false;
  session = "";
  #targetId = "";
  #scripts = new Map();
  #preload;

  /** `place` is where the page is, or will be; `contents` emits Electron's events; `preload` is the application's own script. */
  constructor(place, contents, preload) {
    this.contents = contents;
    this.#preload = preload;
    this.ready = place.then(async ({ targetId, sessionId, opened = false }) => {
      this.#targetId = targetId;
      this.session = sessionId;
      if (this.gone) return browser.pipe.post("Target.closeTarget", { targetId });
      browser.targets.set(targetId, this);
      await this.enter(sessionId);
      if (opened) await this.#again();
    });
    this.ready.catch((error) => this.problems.push(error.message));
  }

  /** Sends a command to the page's own session. */
  async command(method, params) {
    await this.ready;
    if (this.gone) throw new Error("Object has been destroyed");
    return browser.pipe.send(method, params, this.session);
  }

  async load(url) {
    const { errorText, loaderId } = await this.command("Page.navigate", { url: toChromium(url) });
    if (errorText !== undefined) throw new Error(`${errorText} loading '${url}'`);
    // The load may have been heard of before the answer: then nobody has to wait.
    if (loaderId !== undefined && this.loaded !== loaderId) {
      await new Promise((resolve, reject) => this.loading.push({ loaderId, resolve, reject }));
    }
  }

  /** Readies a session, the page's or that of a frame in a process of its own, before its first document. */
  async enter(sessionId) {
    const send = (method, params) => browser.pipe.send(method, params, sessionId);
    browser.sessions.set(sessionId, this);
    const patterns = [{ urlPattern: "*", resourceType: "Document", requestStage: "Request" }, { urlPattern: SCHEME_REQUESTS, requestStage: "Request" }];
    await Promise.all([
      send("Page.enable"),
      send("Runtime.enable"),
      send("Runtime.addBinding", { name: OUT, executionContextName: WORLD }),
      this.#renew(sessionId),
      send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: true, flatten: true }),
      ...(sessionId === this.session ? [send("Fetch.enable", { patterns })] : []),
    ]);
    await send("Runtime.runIfWaitingForDebugger");
  }

  /**
   * A page that a page has opened stands still together with its opener until now, and its first document takes over the
   * globals in which no script could run. So it is loaded once more, and is a page like any other.
   */
  async #again() {
    await new Promise((resolve, reject) => this.loading.push({ resolve, reject }));
    await browser.pipe.send("Page.reload", {}, this.session);
    await new Promise((resolve, reject) => this.loading.push({ resolve, reject }));
  }

  /** The registered preload scripts have changed: the next documents get the new ones. */
  async renew() {
    await this.ready;
    await Promise.all([...this.#scripts.keys()].map((sessionId) => this.#renew(sessionId)));
  }

  async #renew(sessionId) {
    const { pipe } = browser;
    const scripts = [{ source: MAIN_PROLOGUE }, { source: isolatedSource(preloadSources(this.#preload)), worldName: WORLD }];
    const before = this.#scripts.get(sessionId) ?? [];
    const added = scripts.map((script) => pipe.send("Page.addScriptToEvaluateOnNewDocument", script, sessionId));
    this.#scripts.set(sessionId, added);
    for (const { identifier } of await Promise.all(before)) {
      pipe.post("Page.removeScriptToEvaluateOnNewDocument", { identifier }, sessionId);
    }
    await Promise.all(added);
  }

  /** A frame's process of its own is gone. */
  leave(sessionId) {
    this.endWorlds((_, context) => context.session === sessionId);
    browser.sessions.delete(sessionId);
    this.#scripts.delete(sessionId);
    browser.pipe.endSession(sessionId, "the frame is gone");
  }

  /** One of the protocol's events. */
  take(name, params, sessionId) {
    if (!this.gone) TAKES[name](this, params, sessionId);
  }

  /** Ends the worlds that `which(key, context)` names, and the ports that crossed there. */
  endWorlds(which) {
    for (const [key, context] of this.contexts) {
      if (!which(key, context)) continue;
      this.contexts.delete(key);
      this.worlds.get(key)?.end();
      this.worlds.delete(key);
    }
  }

  targetCrashed(status, errorCode) {
    if (this.gone) return;
    this.#empty("the renderer is gone");
    browser.pipe.endSession(this.session, "the renderer is gone");
    this.contents.emit("render-process-gone", {}, { reason: status === "killed" ? "killed" : "crashed", exitCode: errorCode });
  }

  targetDestroyed() {
    if (this.gone) return;
    this.gone = true;
    this.#empty("the page was closed");
    browser.targets.delete(this.#targetId);
    for (const [session, page] of browser.sessions) if (page === this) this.leave(session);
    this.contents.emit("destroyed");
  }

  /** Asks for the page's end; `destroyed` follows. */
  close() {
    if (this.gone) return;
    void this.ready.then(
      () => browser.pipe.post("Target.closeTarget", { targetId: this.#targetId }),
      () => this.targetDestroyed(),
    );
  }

  /** The sizes of what is kept for the page. */
  get counts() {
    const ports = [...this.worlds.values()].reduce((sum, world) => sum + world.ports, 0);
    return { frames: this.frames.size, worlds: this.worlds.size, contexts: this.contexts.size, ports, sessions: this.#scripts.size };
  }

  #empty(why) {
    this.endWorlds(() => true);
    this.frames.clear();
    for (const { reject } of this.loading.splice(0)) reject(new Error(why));
    this.asked = undefined;
  }
}
