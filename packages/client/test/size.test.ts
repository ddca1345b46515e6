/** What a page has to load, and what must not be in it. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const BYTES_MAX = 16_700;

/** Bundles a page that is written here, as an application would. */
async function bundle(page: string): Promise<{ text: string; gzipped: number; inputs: string[] }> {
  const result = await build({
    stdin: { contents: page, resolveDir: new URL('.', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const text = result.outputFiles[0]?.text ?? '';
  return { text, gzipped: gzipSync(text, { level: 9 }).length, inputs: Object.keys(result.metafile.inputs) };
}

const page = (name: string, file: string) => `
  import { connect, connectWithTicket } from '../src/index.js';
  import { ${name} } from './generated/${file}.js';
  const portcullis = connect(await connectWithTicket({ window: 'viewer' }), { interfaces: [${name}] });
  export const client = await portcullis.bind(${name});
`;

describe('a page with one interface', () => {
  test.each([
    ['Flows', 'sample-flows'],
    ['Echo', 'sample-echo'],
    ['Topics', 'sample-topics'],
  ])('%s: at most 16.7 kB, gzipped', async (name, file) => {
    const { gzipped } = await bundle(page(name, file));
    expect(gzipped).toBeGreaterThan(5_000);
    expect(gzipped).toBeLessThanOrEqual(BYTES_MAX);
  });

  test('Values, which has every form of a type at once: at most 21.5 kB', async () => {
    expect((await bundle(page('Values', 'sample-values'))).gzipped).toBeLessThanOrEqual(21_500);
  });

  test('Blobs, and typed arrays of every kind: at most 17.8 kB', async () => {
    const { gzipped, text } = await bundle(page('Blobs', 'sample-blobs'));
    expect(gzipped).toBeLessThanOrEqual(17_800);
    expect(text).toContain('BYTES_PER_ELEMENT');
  });

  test.each([
    ['Flows', 'sample-flows'],
    ['Echo', 'sample-echo'],
    ['Topics', 'sample-topics'],
  ])('%s, and serves as well: at most 19.6 kB', async (name, file) => {
    const { gzipped } = await bundle(`${page(name, file)} export { serve } from '../src/index.js';`);
    expect(gzipped).toBeLessThanOrEqual(19_600);
  });

  const again = (name: string, file: string) => page(name, file).replace('{ connect,', '{ reconnecting,').replace('connect(await connectWithTicket(', 'reconnecting((signal) => connectWithTicket(').replace("'viewer' })", "'viewer', signal })");

  test.each([
    ['Flows', 'sample-flows'],
    ['Echo', 'sample-echo'],
    ['Topics', 'sample-topics'],
  ])('%s, on a client that connects again: at most 19.6 kB', async (name, file) => {
    const { text, gzipped } = await bundle(again(name, file));
    expect(text).toContain('dial_failed');
    expect(gzipped).toBeLessThanOrEqual(19_600);
  });

  test('Shared, with a shared state: at most 17.2 kB', async () => {
    const sharing = await bundle(`${page('Shared', 'sample-shared')} export { sharedState } from '../src/index.js';`);
    expect(sharing.gzipped).toBeLessThanOrEqual(17_200);
    expect(sharing.text).toContain('it is not known whether the change was made');
    const { text } = await bundle(page('Shared', 'sample-shared'));
    expect(text).not.toContain('it is not known whether the change was made');
  });

  test('leaves out what it does not use', async () => {
    const { inputs, text } = await bundle(page('Flows', 'sample-flows'));
    expect(inputs.some((input) => input.includes('/node/'))).toBe(false);
    // Serving, publishing, topics, other transports, loops over topics, typed arrays and reconnecting are in files of their own, and shaken off.
    for (const part of ['there is no handler for it', 'a listener of', 'no bytes came', 'the other end was closed', 'dial_failed', 'jitterPercent', 'BYTES_PER_ELEMENT']) {
      expect(text.includes(part), part).toBe(false);
    }
    const topics = await bundle(page('Topics', 'sample-topics'));
    expect(topics.text).toContain('a listener of');
    expect(topics.text).not.toContain('Reported');
    // Streams as well, where there is none.
    const calls = await bundle(page('Echo', 'sample-echo'));
    expect(text).toContain('its items failed');
    expect(calls.text).not.toContain('its items failed');
    const serving = await bundle(`${page('Flows', 'sample-flows')} export { serve } from '../src/index.js';`);
    expect(serving.text).toContain('there is no handler for it');
  });

  test('runs under a policy without `unsafe-eval`', async () => {
    const { text } = await bundle(`export * from '../src/index.js'; ${page('Echo', 'sample-echo')}`);
    expect(text).not.toMatch(/\beval\s*\(|new Function\b|\bFunction\s*\(|import\s*\(/);
  });
});

test('there are no run-time dependencies', () => {
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as Record<string, unknown>;
  expect(manifest['dependencies']).toBeUndefined();
  expect(manifest['peerDependencies']).toBeUndefined();
  expect(manifest['sideEffects']).toBe(false);
});
