// Bundles the preload scripts into dist/: one CommonJS file each, as a sandboxed preload must be. They use `electron`'s
// contextBridge and ipcRenderer, and the DOM.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Writes preload.cjs and preload-frames.cjs into `outdir`. */
export async function preloads(outdir = join(root, 'dist')) {
  await build({
    absWorkingDir: root,
    entryPoints: [
      { in: 'src/preload/index.ts', out: 'preload' },
      { in: 'src/preload/frames.ts', out: 'preload-frames' },
    ],
    bundle: true,
    outdir,
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    platform: 'browser',
    external: ['electron'],
    target: 'chrome140',
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await preloads();
