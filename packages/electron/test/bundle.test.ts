/** What a page loads: nothing of main's, and nothing that a strict policy forbids. */
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

async function bundle(entry: string) {
  const result = await build({
    stdin: { contents: entry, resolveDir: new URL('.', import.meta.url).pathname, loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    conditions: ['source'],
    metafile: true,
    logLevel: 'silent',
  });
  const [file] = result.outputFiles;
  return { text: file?.text ?? '', inputs: Object.keys(result.metafile.inputs) };
}

test('a page gets the client and this adapter, without eval and without anything of main', async () => {
  const { text, inputs } = await bundle("import { connectElectron } from '../src/renderer/index.js'; connectElectron();");
  expect(text).not.toMatch(/\beval\(|new Function|node:|require\(/);
  expect(inputs.filter((path) => /src\/(main|utility|preload|generated)\//.test(path) && !/client\/src\/generated/.test(path))).toEqual([]);
  const client = await bundle("import { connect, memoryPair } from '@portcullis/client'; connect(memoryPair()[0]);");
  // The adapter adds little to what a browser's page loads.
  expect(gzipSync(text).length - gzipSync(client.text).length).toBeLessThan(3_000);
});

test('a preload bundle is small: it runs before every document', async () => {
  const { text } = await bundle("import { expose } from '../src/preload/expose.js'; expose(...(globalThis as any).parts);");
  expect(gzipSync(text).length).toBeLessThan(1_000);
});
