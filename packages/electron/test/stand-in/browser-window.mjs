// `BrowserWindow`: a page with what a window manager would do to it. There is no screen, so focus and visibility are
// kept here, and their events come as Electron's do: later, and only for a change.
import { EventEmitter } from "node:events";
import { browser, createTarget } from "./browser.mjs";
import { eventOf } from "./page-events.mjs";
import { WebContents } from "./web-contents.mjs";

const windows = new Set();
let last = 0;
let focused;

export class BrowserWindow extends EventEmitter {
  id = ++last;
  #contents;
  #visible;
  #closed = false;

  /** Of Electron's options `show`, `webPreferences.preload` and nothing else. */
  constructor({ show = true, webPreferences = {} } = {}, place = createTarget()) {
    super();
    this.#contents = new WebContents(place, webPreferences.preload);
    this.#visible = show;
    windows.add(this);
    if (show) this.focus();
    this.#contents.once("destroyed", () => this.#gone());
  }

  get webContents() {
    return this.#contents;
  }

  loadURL(url) {
    return this.#contents.loadURL(url);
  }

  isDestroyed() {
    return this.#closed;
  }

  isFocused() {
    return focused === this;
  }

  isVisible() {
    return this.#visible;
  }

  focus() {
    if (this.#closed || focused === this) return;
    focused?.#blur();
    focused = this;
    this.#later("focus");
  }

  show() {
    if (!this.#visible) this.#later("show");
    this.#visible = true;
    this.focus();
  }

  hide() {
    if (this.#visible) this.#later("hide");
    this.#visible = false;
    if (focused === this) this.#blur();
  }

  /** Asks the window to close; a listener may prevent it. */
  close() {
    if (this.#closed) return;
    const event = eventOf();
    this.emit("close", event);
    if (!event.defaultPrevented) this.destroy();
  }

  /** Closes it without asking. */
  destroy() {
    WebContents.pageOf(this.#contents).close();
  }

  #blur() {
    focused = undefined;
    this.#later("blur");
  }

  #later(name) {
    setImmediate(() => {
      if (!this.#closed) this.emit(name);
    });
  }

  #gone() {
    this.#closed = true;
    windows.delete(this);
    if (focused === this) focused = undefined;
    this.emit("closed");
  }

  /** The stand-in's own: all that are open, for the app's end. */
  static get open() {
    return [...windows];
  }
}

// A page has opened a page. Its opener's handler is asked, too late to return null to the opener as Electron does.
browser.opened = (targetId, sessionId, openerId) => {
  const opener = browser.targets.get(openerId);
  const details = browser.openings.get(opener?.session) ?? { url: "", frameName: "" };
  browser.openings.delete(opener?.session);
  const answer = opener === undefined ? { action: "deny" } : WebContents.mayOpen(opener.contents, details);
  if (answer.action !== "allow") {
    // Its opener stands still until it runs.
    browser.pipe.post("Runtime.runIfWaitingForDebugger", {}, sessionId);
    browser.pipe.post("Target.closeTarget", { targetId });
    return;
  }
  const child = new BrowserWindow(answer.overrideBrowserWindowOptions, Promise.resolve({ targetId, sessionId, opened: true }));
  opener.contents.emit("did-create-window", child, details);
};
