/** The committed transcripts, replayed on the TypeScript session: as they are, and cut into single bytes. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { replay, type Transcript } from './support/transcript.js';

const folder = new URL('../../../tests/vectors/transcripts/', import.meta.url);
const transcripts = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Transcript);

test('there are transcripts, and they are what their author writes', () => {
  expect(transcripts.length).toBeGreaterThan(80);
  execFileSync(process.execPath, [new URL('author.mjs', folder).pathname, '--check']);
});

describe.each(transcripts.map((one) => [one.name, one] as const))('%s', (_, transcript) => {
  test('replays', () => replay(transcript, false));
  test.skipIf(transcript.messages === true)('replays byte by byte', () => replay(transcript, true));
});

test('a replay notices what is missing, what is too much and what differs', () => {
  const good = transcripts.find(({ name }) => name === 'call-ok');
  if (good === undefined) throw new Error('there is no such transcript');
  const { steps } = good;
  for (let at = 0; at < steps.length; at++) {
    const without = [...steps.slice(0, at), ...steps.slice(at + 1)];
    // The last step is an expectation like others: without it something is told that nobody expects.
    expect(() => replay({ ...good, steps: without }, false), `without step ${at}`).toThrow();
  }
  const other = JSON.parse(JSON.stringify(good).replace('c0ffee', 'c0ffef')) as Transcript;
  expect(() => replay(other, false)).toThrow();
});
