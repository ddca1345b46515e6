/** Where the addon is looked for, and what is said when it is nowhere. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { candidates, libraryName, outsideOfAsar, PLATFORMS, type Surroundings } from '../src/candidates.js';
import { AddonLoadError } from '../src/index.js';
import { loadAddon, surroundings } from '../src/load.js';
import { plainAddon } from './support/example.js';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

const elsewhere: Surroundings = {
  env: {},
  platform: 'linux',
  arch: 'x64',
  musl: false,
  folder: '/app/node_modules/@portcullis/node',
  resolve: () => {
    throw new Error('Cannot find module');
  },
  exists: () => false,
};

function failure(explicit: string | undefined, here: Partial<Surroundings> = {}): AddonLoadError {
  try {
    loadAddon(explicit, { ...elsewhere, ...here });
  } catch (error) {
    expect(error).toBeInstanceOf(AddonLoadError);
    return error as AddonLoadError;
  }
  throw new Error('it was loaded');
}

describe('the order', () => {
  const names = (explicit?: string, here: Partial<Surroundings> = {}) =>
    candidates(explicit, { ...elsewhere, ...here }).map(({ name }) => name);

  test('what was asked for is all that is tried', () => {
    expect(names('/a.node', { env: { PORTCULLIS_ADDON_PATH: '/b.node' } })).toEqual(['/a.node']);
    expect(names(undefined, { env: { PORTCULLIS_ADDON_PATH: '/b.node' } })).toEqual(['/b.node (PORTCULLIS_ADDON_PATH)']);
  });

  test('the package for the platform, then what was built here', () => {
    expect(names()).toEqual(['@portcullis/node-linux-x64-gnu']);
    expect(names(undefined, { musl: true, arch: 'arm64' })).toEqual(['@portcullis/node-linux-arm64-musl']);
    expect(names(undefined, { platform: 'darwin' })).toEqual(['@portcullis/node-darwin-x64']);
    const inRepository = join('/repo', 'packages', 'node');
    expect(names(undefined, { folder: inRepository, platform: 'win32' })).toEqual([
      '@portcullis/node-win32-x64',
      join('/repo', 'target', 'release', 'portcullis_node.dll'),
      join('/repo', 'target', 'debug', 'portcullis_node.dll'),
    ]);
  });
});

describe('errors', () => {
  test('every place is listed with its reason, and what to do', () => {
    const error = failure(undefined, { folder: join('/repo', 'packages', 'node') });
    expect(error.code).toBe('ERR_PORTCULLIS_ADDON');
    expect(error.tried).toEqual([
      { path: '@portcullis/node-linux-x64-gnu', why: 'the package is not installed' },
      { path: '/repo/target/release/libportcullis_node.so', why: 'there is no such file' },
      { path: '/repo/target/debug/libportcullis_node.so', why: 'there is no such file' },
    ]);
    for (const { path, why } of error.tried) expect(error.message).toContain(`${path}: ${why}`);
    expect(error.message).toContain('--include=optional');
    expect(error.message).toContain('PORTCULLIS_ADDON_PATH');
  });

  test('a platform without a package', () => {
    const error = failure(undefined, { arch: 'riscv64' });
    expect(error.tried[0]?.why).toBe('there is no package for this platform');
    expect(error.message).toContain('There is no package for linux-riscv64-gnu');
  });

  test('a file that is no library, and a library that is no addon', () => {
    const file = join(folder, 'text.node');
    writeFileSync(file, 'no library');
    const here = surroundings();
    expect(() => loadAddon(file, here)).toThrow(file);
    const other = join(folder, 'other.node');
    writeFileSync(other, '');
    expect(() => loadAddon(other, here)).toThrow(AddonLoadError);
    expect(() => loadAddon(folder, here)).toThrow(AddonLoadError);
  });

  test('what is only inside of app.asar', () => {
    const inside = '/opt/app/resources/app.asar/native/my.node';
    const error = failure(inside, { exists: (path) => path === inside });
    expect(error.tried[0]?.why).toContain('asarUnpack');
    expect(error.tried[0]?.why).toContain('/opt/app/resources/app.asar.unpacked/native/my.node');
  });
});

describe('asar', () => {
  test.each([
    ['/a/app.asar/b.node', '/a/app.asar.unpacked/b.node'],
    ['C:\\a\\app.asar\\b.node', 'C:\\a\\app.asar.unpacked\\b.node'],
    ['/a/app.asar.unpacked/b.node', '/a/app.asar.unpacked/b.node'],
    ['/a/basar/b.node', '/a/basar/b.node'],
  ])('%s is opened as %s', (path, outside) => expect(outsideOfAsar(path)).toBe(outside));

  test('an addon that was unpacked beside it is loaded', () => {
    const unpacked = join(folder, 'app.asar.unpacked', 'native');
    mkdirSync(unpacked, { recursive: true });
    copyFileSync(plainAddon, join(unpacked, 'my.node'));
    const addon = loadAddon(join(folder, 'app.asar', 'native', 'my.node'));
    expect(addon.interfaceVersion()).toBe(4);
    expect(addon.contract()).toBeNull();
  });
});

test('the packages for platforms are those that are looked for', () => {
  const script = fileURLToPath(new URL('../scripts/platforms.mjs', import.meta.url));
  const out = join(folder, 'npm');
  execFileSync(process.execPath, [script, '--out', out, '--manifest']);
  const made = readdirSync(out).filter((name) => name !== 'package.json');
  expect(made.sort()).toEqual(Object.keys(PLATFORMS).sort());
  const read = (path: string) => JSON.parse(readFileSync(join(out, path), 'utf8'));
  const main = read('package.json');
  for (const name of made) {
    const { name: full, version, main: file } = read(join(name, 'package.json'));
    expect(main.optionalDependencies[full]).toBe(version);
    expect(file).toBe('portcullis.node');
  }
  expect(read('linux-x64-musl/package.json')).toMatchObject({ os: ['linux'], cpu: ['x64'], libc: ['musl'] });
  expect(read('win32-arm64/package.json')).not.toHaveProperty('libc');
  expect(libraryName('darwin')).toBe('libportcullis_node.dylib');
});
