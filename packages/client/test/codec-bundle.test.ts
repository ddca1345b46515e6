/** The codec and generated code in a page: nothing is made of strings at run time, and what is not used stays out. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('.', import.meta.url));

async function bundle(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder, loader: 'ts' },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
  });
  return outputFiles[0]!.text;
}

describe('a bundle', () => {
  it('works where making code of strings is forbidden, as under a strict CSP', async () => {
    const code = await bundle(`
      import { fromBytes, toBytes } from '../src/codec/index.js';
      import { EchoRequestCodec } from './generated/types.js';
      const forbidden = (() => { try { return new Function('return 1')(); } catch { return 'forbidden'; } })();
      const value = fromBytes(EchoRequestCodec, toBytes(EchoRequestCodec, { number: 300n, text: 'left', value: 0.5 }));
      console.log(forbidden, value.number, value.text, value.value);
    `);
    const output = execFileSync(
      process.execPath,
      ['--disallow-code-generation-from-strings', '--input-type=module'],
      { input: code, encoding: 'utf8', timeout: 20_000 },
    );
    expect(output.trim()).toBe('forbidden 300n left 0.5');
  });

  it('holds no message that is not used', async () => {
    const code = await bundle(`export { EchoRequestCodec } from './generated/index.js';`);
    expect(code).toContain('number');
    for (const absent of ['user_name', 'Swapped', 'sample.echo', 'bad_json', 'bad_url']) {
      expect(code, absent).not.toContain(absent);
    }
  });

  it('of the messages of one interface with the codec is small', async () => {
    const code = await bundle(`export { FlowsErrorCodec, PictureCodec, SummaryCodec } from './generated/types.js';`);
    // The whole client may have 16.5 kB; this is the part of it that is not session and transport.
    expect(gzipSync(code).length).toBeLessThan(4 * 1024);
  });
});
