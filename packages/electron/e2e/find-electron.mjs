// Finds an executable of Electron: the one that ELECTRON_PATH names, or the one that the package has downloaded.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * `{ path, from }`, or `{ none }` with a sentence why there is none. Throws when ELECTRON_PATH names what is not there: who says which
 * one to use does not want another.
 */
export function findElectron({ env = process.env, resolve = createRequire(import.meta.url).resolve, exists = existsSync, read = readFileSync } = {}) {
  const named = env.ELECTRON_PATH;
  if (named) {
    if (!exists(named)) throw new Error(`ELECTRON_PATH names ${named}, which does not exist`);
    return { path: named, from: "ELECTRON_PATH" };
  }
  let folder;
  try {
    folder = dirname(resolve("electron/package.json"));
  } catch {
    return { none: "the package electron is not installed, and ELECTRON_PATH is not set" };
  }
  const note = join(folder, "path.txt");
  const path = exists(note) ? join(folder, "dist", `${read(note)}`.trim()) : undefined;
  if (path !== undefined && exists(path)) return { path, from: "the package electron" };
  return { none: "the package electron is installed without its executable (npm install --ignore-scripts), and ELECTRON_PATH is not set" };
}
