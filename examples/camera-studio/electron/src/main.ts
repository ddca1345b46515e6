/**
 * The studio's main process: windows, their pages and the application's life, in TypeScript. What the studio serves is in Rust, in
 * the addon that the hub is loaded from (`addon/src/lib.rs`).
 */
import { join } from 'node:path';
import * as electron from 'electron';
import { createPortcullis } from '@portcullis/electron/main';
import { studioProgram } from './program.js';
import { declareScheme, ORIGIN, serveFiles } from './pages.js';
import { followLinks, kinds } from './windows.js';

const { app, utilityProcess } = electron;

/** How long after its end the light meter is started again, in milliseconds. */
const LIGHT_RETURNS_MS = 1_000;

/** How long peers have to finish at the end, in milliseconds. Viewers report for as long as they are open, so it is always waited for. */
const GRACE_MS = 1_000;

/** Everything lies beside this bundle. */
const beside = (name: string): string => join(import.meta.dirname, name);

/** A development server that has the pages, under the name that Electron's bundlers use; never in a packaged application. */
const server = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];
const origin = server ?? ORIGIN;
if (server === undefined) declareScheme(electron.protocol);

// Camera workers are processes of the studio's binary, which the addon starts.
process.env['CAMERA_STUDIO_PROGRAM'] = studioProgram(import.meta.dirname);

const portcullis = createPortcullis({
  electron,
  hub: { addon: beside('studio.node'), policy: { file: beside('policy.toml') }, observeCalls: true },
  preload: beside('preload.cjs'),
  origins: [origin],
  quit: { graceMs: GRACE_MS },
  kinds: kinds(origin, (window) => followLinks(window, origin, portcullis.windows)),
});

/** The light meter, which measures every picture in a process of its own; one that has ended is started again. */
function startLight(): void {
  if (portcullis.phase.type === 'quitting') return;
  const child = utilityProcess.fork(beside('light.mjs'), [], { serviceName: 'Light meter' });
  portcullis.attachUtility(child, { label: 'light', role: 'light' });
  child.once('exit', () => setTimeout(startLight, LIGHT_RETURNS_MS));
}

async function start(): Promise<void> {
  if (server === undefined) serveFiles(electron.protocol, beside('pages'));
  await portcullis.ready;
  startLight();
  for (const kind of ['viewer', 'controls', 'log']) await portcullis.windows.open(kind);
  portcullis.setReady();
}

// Not awaited here: Electron is ready only when this module has been run to its end.
app.whenReady().then(start).catch((error: unknown) => {
  console.error('camera-studio:', error);
  app.exit(1);
});
