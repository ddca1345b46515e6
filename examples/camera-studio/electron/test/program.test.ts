/** The binary is started from where a packaging tool has put it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { studioProgram } from '../src/program.js';

const folder = mkdtempSync(join(tmpdir(), 'studio-program-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('beside the bundle, under the name that the system wants', () => {
  expect(studioProgram('/studio/dist', 'linux')).toBe(join('/studio/dist', 'camera-studio'));
  expect(studioProgram('/studio/dist', 'win32')).toBe(join('/studio/dist', 'camera-studio.exe'));
});

test('outside of app.asar, whatever folders lie inside', () => {
  const inside = join('/opt/studio/resources', 'app.asar', 'dist');
  expect(studioProgram(inside, 'darwin')).toBe(join('/opt/studio/resources', 'app.asar.unpacked', 'dist', 'camera-studio'));
});

test.skipIf(process.platform === 'win32')('what was unpacked can be started', () => {
  const unpacked = join(folder, 'app.asar.unpacked', 'dist');
  mkdirSync(unpacked, { recursive: true });
  writeFileSync(join(unpacked, 'camera-studio'), '#!/bin/sh\necho started\n');
  chmodSync(join(unpacked, 'camera-studio'), 0o755);
  // The archive is a file, as Electron's packaging leaves it.
  writeFileSync(join(folder, 'app.asar'), '');
  const { stdout } = spawnSync(studioProgram(join(folder, 'app.asar', 'dist')), { encoding: 'utf8' });
  expect(stdout).toBe('started\n');
});
