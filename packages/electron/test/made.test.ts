/**
 * The application that `portcullis new --kind electron` makes: its own scripts check it, bundle it and pass its test, with the packages of
 * this checkout and without Electron. The half that is Rust: `crates/portcullis-cli/tests/made.rs`. That it runs: its files are those of
 * docs/electron.md, which `e2e/walk.test.mjs` starts.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
const command = process.env['PORTCULLIS_COMMAND'] ?? resolve(root, process.env['CARGO_TARGET_DIR'] ?? 'target', 'debug/portcullis');

/** What hangs ends, in milliseconds: not a measurement. */
const WATCHDOG_MS = 5 * 60_000;

let folder: string;
let app: string;

/** Runs a command in a folder, and returns what it says; what it says is the error when it fails. */
async function say(program: string, args: readonly string[], cwd: string): Promise<string> {
  const options = { cwd, env: { ...process.env, npm_config_update_notifier: 'false', NODE_OPTIONS: '' } };
  const { stdout } = await run(program, args, options).catch((error: { stdout: string; stderr: string }) => {
    throw new Error(`${program} ${args.join(' ')}\n${error.stdout}${error.stderr}`);
  });
  return stdout;
}

const npm = (...args: string[]) => say('npm', args, app);

beforeAll(async () => {
  if (!existsSync(command)) throw new Error(`${command} is missing: cargo build -p portcullis-cli, or its path in PORTCULLIS_COMMAND`);
  folder = await mkdtemp(join(tmpdir(), 'portcullis-made-'));
  app = join(folder, 'made');
  await say(command, ['new', 'made', '--kind', 'electron', '--portcullis', root], folder);
  await symlink(join(root, 'node_modules'), join(app, 'node_modules'));
  // The packages as an application has them, compiled; the preload bundle was made for all tests.
  const tsc = join(root, 'node_modules/.bin/tsc');
  for (const name of ['client', 'node', 'electron']) await say(tsc, ['-p', 'tsconfig.build.json'], join(root, 'packages', name));
}, WATCHDOG_MS);

afterAll(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

test('passes its test', { timeout: WATCHDOG_MS }, async () => {
  expect(await npm('test')).toMatch(/\bpass 1\b/);
});

test('is built from its scripts', { timeout: WATCHDOG_MS }, async () => {
  await npm('run', 'build');
  const { main } = JSON.parse(await readFile(join(app, 'package.json'), 'utf8'));
  for (const file of [main, 'dist/preload.cjs', 'pages/page.js']) await access(join(app, file));
});

test('does not compile when its page and its contract disagree', { timeout: WATCHDOG_MS }, async () => {
  const page = join(app, 'src/page.ts');
  const text = await readFile(page, 'utf8');
  await writeFile(page, text.replace("notes.add({ text: 'hello' })", 'notes.add({ text: 1 })'));
  await expect(npm('run', 'check')).rejects.toThrow(/page\.ts.*error TS2322/);
  await writeFile(page, text);
});

test('names the versions that this checkout has', async () => {
  const read = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const { devDependencies } = await read(join(app, 'package.json'));
  const { devDependencies: ours } = await read(join(root, 'package.json'));
  const { devDependencies: electron } = await read(join(root, 'packages/electron/package.json'));
  expect(devDependencies).toEqual({ electron: `^${electron.electron}`, esbuild: ours.esbuild, typescript: ours.typescript });
});
