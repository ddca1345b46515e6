/** Finds the prebuilt preload script and registers it, so that the application's own preload is left alone. */
import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PRELOAD_ID } from '../shared/words.js';
import type { SessionParts } from './parts.js';

/** Where the bundle is, seen from this file: as published, and as checked out. */
const PLACES = ['../', '../../dist/'];

/** The path of a bundle. Throws `Error` that lists where it was looked for. */
export function preloadPath(frames: boolean): string {
  const name = frames ? 'preload-frames.cjs' : 'preload.cjs';
  // Empty where a bundler has made CommonJS of this file.
  const here: string | undefined = import.meta.url;
  const tried = here ? PLACES.map((place) => fileURLToPath(new URL(place + name, here))) : [];
  const found = tried.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const list = tried.length > 0 ? ` Tried: ${tried.join(', ')}.` : '';
  throw new Error(
    `portcullis: the preload script ${name} was not found.${list} Where main is bundled, copy it beside the bundle and pass createPortcullis({ preload: path }); ` +
      "or import '@portcullis/electron/preload' in your own preload and pass preload: false.",
  );
}

/** Registers the script once for each session. */
export class PreloadScript {
  readonly #registered = new WeakSet<SessionParts>();

  /** Throws `TypeError` for a path that Electron would not take. */
  constructor(readonly filePath: string) {
    if (!isAbsolute(filePath)) throw new TypeError(`portcullis: preload must be an absolute path, and "${filePath}" is none`);
  }

  register(session: SessionParts): void {
    if (this.#registered.has(session)) return;
    this.#registered.add(session);
    session.registerPreloadScript({ type: 'frame', filePath: this.filePath, id: PRELOAD_ID });
  }
}
