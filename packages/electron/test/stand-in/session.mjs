// `session.defaultSession`: the preload scripts that every page runs.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { isAbsolute } from "node:path";
import { browser } from "./browser.mjs";

const registered = new Map();

/** All scripts for a page as `{ path, text }`, the application's own behind the registered ones. */
export function preloadSources(own) {
  return [...registered.values(), ...(own === undefined ? [] : [own])].map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

const renew = () => {
  for (const page of browser.targets.values()) void page.renew().catch(() => {});
};

export const session = {
  defaultSession: {
    /** Registers a script for frames, for all documents from now on; its number. */
    registerPreloadScript({ type, filePath, id = randomUUID() }) {
      if (type !== "frame") throw new TypeError(`the stand-in runs preload scripts of frames, not of type ${type}`);
      if (!isAbsolute(filePath)) throw new TypeError(`preload script must have absolute path: ${filePath}`);
      if (registered.has(id)) throw new Error(`Cannot register preload script with existing ID '${id}'`);
      registered.set(id, filePath);
      renew();
      return id;
    },
    unregisterPreloadScript(id) {
      if (!registered.delete(id)) throw new Error(`Cannot unregister preload script with non-existing ID '${id}'`);
      renew();
    },
  },
};
