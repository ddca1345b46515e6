/**
 * Programs that must not compile, and what the compiler says of each. A case is one program with a place in it, `$`: with
 * what is right there it compiles, with what is wrong it fails, by the error that is named and no other.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Case {
  readonly name: string;
  readonly program: string;
  readonly right: string;
  readonly wrong: string;
  /** The code and words of the one error. */
  readonly error: RegExp;
}

const cases: Case[] = [
  // Arguments.
  {
    name: 'an argument of another type',
    program: `void echo.join($, null, 2);`,
    right: `'a'`,
    wrong: `1`,
    error: /TS2345: .*'number' is not assignable to parameter of type 'string'/,
  },
  {
    name: 'an argument too few',
    program: `void echo.join('a', null$);`,
    right: `, 2`,
    wrong: ``,
    error: /TS2554: Expected 3-4 arguments, but got 2/,
  },
  {
    name: 'an argument that may not be absent',
    program: `void echo.fail(1n, $);`,
    right: `[]`,
    wrong: `null`,
    error: /TS2345: .*'null' is not assignable/,
  },
  {
    name: 'a missing field',
    program: `void echo.call({ number: 1n, text: 'a'$ });`,
    right: `, value: 0`,
    wrong: ``,
    error: /TS2741: Property 'value' is missing/,
  },
  {
    name: 'a field that there is not',
    program: `void echo.call({ number: 1n, text: 'a', value: 0$ });`,
    right: ``,
    wrong: `, colour: 1`,
    error: /TS2353: .*'colour' does not exist/,
  },
  {
    name: 'an option that there is not',
    program: `void echo.nothing({ $: 500 });`,
    right: `timeoutMs`,
    wrong: `timeout`,
    error: /TS2561: .*'timeout' does not exist in type 'CallOptions'\. Did you mean to write 'timeoutMs'/,
  },
  // Typed arrays.
  {
    name: 'a typed array of other numbers',
    program: `export const samples = (rest: types.Samples): types.Samples => ({ ...rest, f32s: $ });`,
    right: `new Float32Array([0.5])`,
    wrong: `new Float64Array([0.5])`,
    error: /TS2322: Type 'Float64Array<ArrayBuffer>' is not assignable to type 'Float32Array<ArrayBuffer>'/,
  },
  {
    name: 'a list for a typed array',
    program: `export const samples = (rest: types.Samples): types.Samples => ({ ...rest, f32s: $ });`,
    right: `Float32Array.of(0.5)`,
    wrong: `[0.5]`,
    error: /TS2740: Type 'number\[\]' is missing the following properties from type 'Float32Array<ArrayBuffer>'/,
  },
  // Numbers.
  {
    name: 'a number for a 64-bit value',
    program: `void echo.call({ number: $, text: 'a', value: 0 });`,
    right: `1n`,
    wrong: `1`,
    error: /TS2322: Type 'number' is not assignable to type 'bigint'/,
  },
  {
    name: 'a bigint for a number',
    program: `void echo.later($);`,
    right: `1`,
    wrong: `1n`,
    error: /TS2345: .*'bigint' is not assignable to parameter of type 'number'/,
  },
  {
    name: 'a 64-bit reply added to a number',
    program: `export const sum = (await echo.fail(2n, [])) + $;`,
    right: `1n`,
    wrong: `1`,
    error: /TS2365: Operator '\+' cannot be applied to types 'bigint' and '(number|1)'/,
  },
  {
    name: 'a bare number for an id',
    program: `export const id: types.Id = $;`,
    right: `types.Id(1)`,
    wrong: `1`,
    error: /TS2322: Type 'number' is not assignable to type 'Id'/,
  },
  // Names.
  {
    name: 'a method that there is not',
    program: `void echo.$(5);`,
    right: `later`,
    wrong: `latr`,
    error: /TS2551: .*'latr' does not exist on type 'EchoClient'\. Did you mean 'later'/,
  },
  {
    name: 'a topic that there is not',
    program: `topics.$(() => undefined);`,
    right: `onLevel`,
    wrong: `onVolume`,
    error: /TS2339: Property 'onVolume' does not exist/,
  },
  {
    name: 'a misspelt variant of a plain enum',
    program: `export const level: types.Level = $;`,
    right: `'halfWay'`,
    wrong: `'halfway'`,
    error: /TS2820: .*Did you mean '"halfWay"'/,
  },
  {
    name: 'a misspelt variant of an enum with data',
    program: `throw new ApplicationError<types.EchoError>({ type: $, number: 1n });`,
    right: `'odd'`,
    wrong: `'add'`,
    error: /TS2322: Type '"add"' is not assignable to type '"asked" \| "odd" \| "reasons"'/,
  },
  {
    name: 'a status that there is not',
    program: `throw new CallError($, { channel: '', message: '' });`,
    right: `'not_found'`,
    wrong: `'notfound'`,
    error: /TS2345: .*'"notfound"' is not assignable/,
  },
  // Outcomes.
  {
    name: 'a value that is taken without a look at whether there is one',
    program: `const outcome = await echo.later(1).result;
      export const value = $;`,
    right: `outcome.ok ? outcome.value : 0`,
    wrong: `outcome.value`,
    error: /TS2339: Property 'value' does not exist/,
  },
  {
    name: 'an error of the application that is read as another one',
    program: `const outcome = await echo.fail(1n, []).result;
      if (!outcome.ok && 'error' in outcome.error && outcome.error.error.type === 'odd') console.log(outcome.error.error.$);`,
    right: `number`,
    wrong: `value`,
    error: /TS2339: Property 'value' does not exist/,
  },
  {
    name: 'an error case that a switch forgets',
    program: `export function words(error: types.EchoError): string {
        switch (error.type) {
          case 'asked': return 'it was asked to';
          case 'odd': return String(error.number);
          $
        }
      }`,
    right: `case 'reasons': return error.value.join();`,
    wrong: ``,
    error: /TS2366: Function lacks ending return statement/,
  },
  {
    name: 'an error case that a switch leaves to `never`',
    program: `export function words(error: types.EchoError): string {
        switch (error.type) {
          case 'asked': return 'it was asked to';
          case 'odd': return String(error.number);
          $
          default: { const rest: never = error; return rest; }
        }
      }`,
    right: `case 'reasons': return error.value.join();`,
    wrong: ``,
    error: /TS2322: .*is not assignable to type 'never'/,
  },
  // Serving.
  {
    name: 'half an interface served',
    program: `await serve(portcullis, Topics, { $ });`,
    right: `emit: () => undefined`,
    wrong: ``,
    error: /TS2741: Property 'emit' is missing/,
  },
  {
    name: 'most of an interface served',
    program: `const { later, ...others } = all;
      await serve(portcullis, Echo, $);`,
    right: `{ later, ...others }`,
    wrong: `others`,
    error: /TS2741: Property 'later' is missing in type/,
  },
  {
    name: 'a handler for a method that there is not',
    program: `await serve(portcullis, Topics, { emit: () => undefined$ });`,
    right: ``,
    wrong: `, emitted: () => undefined`,
    error: /TS2353: .*'emitted' does not exist in type 'TopicsHandlers'/,
  },
  {
    name: 'a handler with another argument',
    program: `await serve(portcullis, Echo, { ...all, later: async ($) => 1 });`,
    right: `ms: number`,
    wrong: `ms: string`,
    error: /TS2322: .*Type 'number' is not assignable to type 'string'/s,
  },
  {
    name: 'a handler with another reply',
    program: `await serve(portcullis, Echo, { ...all, later: async () => $ });`,
    right: `1`,
    wrong: `'1'`,
    error: /TS2322: .*'string' is not assignable to type '(Awaitable<)?number/s,
  },
  // Streams and topics.
  {
    name: 'an item of another type that goes up',
    program: `void flows.sum([$]);`,
    right: `1`,
    wrong: `'1'`,
    error: /TS2345: Argument of type 'string\[\]' is not assignable to parameter of type 'Items<number>'/,
  },
  {
    name: 'an item of another type that comes down',
    program: `for await (const item of flows.count(3, null)) console.log(item$);`,
    right: `.toFixed()`,
    wrong: `.toUpperCase()`,
    error: /TS2339: Property 'toUpperCase' does not exist on type 'number'/,
  },
  {
    name: 'a handler that yields an item of another type',
    program: `await serve(portcullis, Flows, {
        ...streams,
        async *count() { yield $; return { items: 1, sum: 0n }; },
      });`,
    right: `1`,
    wrong: `'1'`,
    error: /TS2322: .*Type 'string' is not assignable to type 'number'/s,
  },
  {
    name: 'a stream that returns another reply',
    program: `await serve(portcullis, Flows, {
        ...streams,
        async *count() { yield 1; return $; },
      });`,
    right: `{ items: 1, sum: 0n }`,
    wrong: `{ items: 1 }`,
    error: /TS2322: .*Property 'sum' is missing/s,
  },
  {
    name: 'a value of another type for a topic',
    program: `publisher.level($);`,
    right: `1n`,
    wrong: `1`,
    error: /TS2345: .*'number' is not assignable to parameter of type 'bigint'/,
  },
  {
    name: 'a publisher of an interface without topics',
    program: `await publisherOf(portcullis, $);`,
    right: `Topics`,
    wrong: `Echo`,
    error: /TS2379: .*'null' is not assignable to type 'object'/s,
  },
  // The test kit.
  {
    name: 'a mock of a method that there is not',
    program: `await mock(Echo, { $: () => 1 });`,
    right: `later`,
    wrong: `latr`,
    error: /TS2561: .*'latr' does not exist.*Did you mean to write 'later'/,
  },
  {
    name: 'an injected error that the method does not declare',
    program: `(await mock(Echo)).fail('$', { error: { type: 'odd', number: 1n } });`,
    right: `fail`,
    wrong: `later`,
    error: /TS2322: .*is not assignable to type 'never'/,
  },
];

const PROLOGUE = `import { ApplicationError, CallError, type Portcullis, publisherOf, serve } from '../../src/index.js';
import { mock } from '../../src/testing/index.js';
import { Echo, type EchoClient, type EchoHandlers } from '../generated/sample-echo.js';
import { Flows, type FlowsClient, type FlowsHandlers } from '../generated/sample-flows.js';
import { Topics, type TopicsClient, type TopicsPublisher } from '../generated/sample-topics.js';
import * as types from '../generated/types.js';
declare const portcullis: Portcullis;
declare const echo: EchoClient;
declare const flows: FlowsClient;
declare const topics: TopicsClient;
declare const publisher: TopicsPublisher;
declare const all: EchoHandlers;
declare const streams: FlowsHandlers;
`;

const here = new URL('.', import.meta.url).pathname;
const folder = mkdtempSync(join(here, '.type-errors-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says of each file. It runs once for all. */
const said = new Map<string, string[]>();

beforeAll(async () => {
  const shared = JSON.parse(readFileSync(join(here, '../tsconfig.json'), 'utf8')) as { compilerOptions: Record<string, unknown> };
  const compilerOptions = { ...shared.compilerOptions, noUnusedLocals: false, noUnusedParameters: false };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
  cases.forEach(({ program, right, wrong }, at) => {
    writeFileSync(join(folder, `right-${at}.ts`), PROLOGUE + program.replace('$', () => right));
    writeFileSync(join(folder, `wrong-${at}.ts`), PROLOGUE + program.replace('$', () => wrong));
  });
  const compiler = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc');
  const run = promisify(execFile)(process.execPath, [compiler, '-p', folder, '--pretty', 'false'], { maxBuffer: 1 << 24 });
  const output = await run.then(
    () => '',
    (failure: { stdout: string }) => failure.stdout,
  );
  // An error is a line with its file, and further lines that are indented.
  for (const [, file, text] of output.matchAll(/^\S*?((?:right|wrong)-\d+)\.ts\(\d+,\d+\): error (.*(?:\n\s+.*)*)/gm)) {
    said.set(file as string, [...(said.get(file as string) ?? []), text as string]);
  }
  // What is said of nothing else than the cases was understood.
  expect(output.split('\n').filter((line) => /error TS/.test(line) && !/(right|wrong)-\d+\.ts/.test(line))).toEqual([]);
});

describe('does not compile', () => {
  test.each(cases.map((one, at) => [one.name, one, at] as const))('%s', (_, { error }, at) => {
    expect(said.get(`right-${at}`) ?? []).toEqual([]);
    const errors = said.get(`wrong-${at}`) ?? [];
    expect(errors.length).toBe(1);
    expect(errors[0]).toMatch(error);
  });
});
