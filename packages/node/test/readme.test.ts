/** The snippets of the README for packaging tools: they unpack the addon, and not everything. */
import { readFileSync } from 'node:fs';
import { minimatch } from 'minimatch';
import { describe, expect, test } from 'vitest';
import { PLATFORMS } from '../src/candidates.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

function snippet(behind: string, language: string): string {
  const section = readme.slice(readme.indexOf(behind));
  const found = new RegExp(`\`\`\`${language}\n([^]*?)\`\`\``).exec(section)?.[1];
  if (found === undefined) throw new Error(`there is no snippet behind "${behind}"`);
  return found;
}

/** What must lie beside app.asar. */
const ADDONS = [
  ...Object.keys(PLATFORMS).map((name) => `node_modules/@portcullis/node-${name}/portcullis.node`),
  'native/libmy_addon.so',
  'native/my_addon.dll',
];
/** What must not. */
const REST = ['package.json', 'dist/main.js', 'node_modules/@portcullis/node/dist/index.js', 'node_modules/@portcullis/client/package.json'];

describe('electron-builder', () => {
  const { build } = JSON.parse(snippet('electron-builder, in', 'json')) as { build: { asarUnpack: string[] } };
  // It matches against the path in the application's folder, and treats a pattern without a slash as a file name.
  const unpacks = (path: string) => build.asarUnpack.some((glob) => minimatch(path, glob, { dot: true }));
  test.each(ADDONS)('%s is unpacked', (path) => expect(unpacks(path)).toBe(true));
  test.each(REST)('%s is not', (path) => expect(unpacks(path)).toBe(false));
});

describe('Electron Forge', () => {
  const module = { exports: {} as { packagerConfig: { asar: { unpack: string } } } };
  new Function('module', snippet('Electron Forge, `forge', 'js'))(module);
  const { unpack } = module.exports.packagerConfig.asar;
  // @electron/asar matches against the whole path on the machine that packs.
  const unpacks = (path: string) => minimatch(`/tmp/electron-packager/app/${path}`, unpack, { matchBase: true });
  test.each(ADDONS)('%s is unpacked', (path) => expect(unpacks(path)).toBe(true));
  test.each(REST)('%s is not', (path) => expect(unpacks(path)).toBe(false));
});
