// `webContents`: what Electron tells of one page, and the little that the adapter asks of it.
import { EventEmitter } from "node:events";
import { Page } from "./page.mjs";

let last = 0;

export class WebContents extends EventEmitter {
  id = ++last;
  #page;
  #openHandler = () => ({ action: "allow" });

  /** `place` is where its page is, or will be; `preload` the application's own script, which runs behind the registered ones. */
  constructor(place, preload) {
    super();
    this.#page = new Page(place, this, preload);
  }

  get mainFrame() {
    return this.#page.frames.main;
  }

  isDestroyed() {
    return this.#page.gone;
  }

  getURL() {
    return this.#page.url;
  }

  reload() {
    void this.#page.command("Page.reload").catch(() => {});
  }

  /** Resolves when the page has loaded; rejects when it cannot be had, or the navigation was given up. */
  loadURL(url) {
    return this.#page.load(url);
  }

  /** Asked for every window that the page opens; without one, all of them are allowed. */
  setWindowOpenHandler(handler) {
    this.#openHandler = handler;
  }

  /** The stand-in's own: the page behind, and what the handler above says. */
  static pageOf(contents) {
    return contents.#page;
  }

  static mayOpen(contents, details) {
    return contents.#openHandler(details);
  }
}
