/** What the documents show: their TypeScript is TypeScript, and what it imports from here is here. */
import { readFileSync } from 'node:fs';
import { transform } from 'esbuild';
import { expect, test } from 'vitest';
import * as client from '@portcullis/client';
import * as main from '../src/main/index.js';
import * as renderer from '../src/renderer/index.js';
import * as utility from '../src/utility/index.js';

const ENTRIES: { readonly [name: string]: object } = {
  '@portcullis/client': client,
  '@portcullis/electron/main': main,
  '@portcullis/electron/renderer': renderer,
  '@portcullis/electron/utility': utility,
};

const blocks = ['../README.md', '../../../docs/electron.md'].flatMap((path) => {
  const text = readFileSync(new URL(path, import.meta.url), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code]) => ({ path, code: code ?? '' }));
});

test('there are examples', () => {
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks)('an example of $path', async ({ code }) => {
  await transform(code, { loader: 'ts', format: 'esm' });
  for (const [, names = '', from = ''] of code.matchAll(/import \{([^}]*)\} from '([^']+)'/g)) {
    const entry = ENTRIES[from];
    if (entry === undefined) continue;
    const values = names.split(',').map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '));
    expect(Object.keys(entry)).toEqual(expect.arrayContaining(values));
  }
});

test('the table of refusals names every code', async () => {
  const source = readFileSync(new URL('../src/shared/refusal.ts', import.meta.url), 'utf8');
  const codes = [...source.matchAll(/^ {2}(\w+): '(?:fix|reload|restart)',$/gm)].map(([, code]) => code ?? '');
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  expect(codes.length).toBeGreaterThan(10);
  for (const code of codes) expect(readme).toContain(`\`${code}\``);
});
