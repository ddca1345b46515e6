// `app` and `powerMonitor`: the life of the application, which is the life of the browser behind it.
import { EventEmitter } from "node:events";
import { browser, closeBrowser, startBrowser } from "./browser.mjs";
import { BrowserWindow } from "./browser-window.mjs";
import { eventOf } from "./page-events.mjs";

class App extends EventEmitter {
  #ready = false;
  #exited;
  /** Settled with the exit code, when the browser is gone. The process itself goes on: it is a test's. */
  exited = new Promise((resolve) => (this.#exited = resolve));

  /** The folder of the application, where it is said; the working folder elsewhere. */
  getAppPath() {
    return process.env.STAND_IN_APP ?? process.cwd();
  }

  isReady() {
    return this.#ready;
  }

  async whenReady() {
    await startBrowser();
    if (this.#ready) return;
    this.#ready = true;
    this.emit("ready");
  }

  /** Asks everybody, closes every window, and ends. */
  quit() {
    const before = eventOf();
    this.emit("before-quit", before);
    if (before.defaultPrevented) return;
    const { open } = BrowserWindow;
    const closed = open.map((window) => new Promise((resolve) => window.once("closed", resolve)));
    for (const window of open) window.close();
    void Promise.all(closed).then(() => {
      const will = eventOf();
      this.emit("will-quit", will);
      if (!will.defaultPrevented) this.exit(0);
    });
  }

  /** Ends without asking. */
  exit(code = 0) {
    void closeBrowser().then(() => {
      this.emit("quit", eventOf(), code);
      this.#exited(code);
      // Where the stand-in was put in Electron's place, the process is the application's.
      if (process.env.STAND_IN_ENDS_PROCESS === "1") process.exit(code);
    });
  }

  /** The stand-in's own: how the browser runs. */
  get chromium() {
    return browser.chromium;
  }
}

export const app = new App();

/** Emits `suspend` and `resume` when a test says so. */
export const powerMonitor = new EventEmitter();
