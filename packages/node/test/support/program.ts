/** Programs of their own: bundled as an application would be, and run by Node as a process. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { exampleAddon } from './example.js';

/** Ends a program that hangs; nothing is measured. In milliseconds. */
const WATCHDOG_MS = 50_000;

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** What a program is given besides its own environment. */
export interface Given {
  readonly node?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `test/programs/<name>.ts`. */
export async function run(name: string, args: readonly string[] = [], given: Given = {}): Promise<Ended> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-node-'));
  try {
    const outfile = join(folder, 'program.mjs');
    await build({
      entryPoints: [fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url))],
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      conditions: ['source'],
      outfile,
      logLevel: 'error',
    });
    const env = { ...process.env, PORTCULLIS_ADDON_PATH: exampleAddon, ...given.env };
    const child = spawn(process.execPath, [...(given.node ?? []), outfile, ...args], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG_MS);
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
    child.stderr.on('data', (piece: Buffer) => (err += piece.toString()));
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve([code, signal]));
    });
    clearTimeout(watchdog);
    return { code, signal, out, err };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
