/** What the compiler promises of the public surface, over a generated interface (R3, R30). */
import { describe, expectTypeOf, test } from 'vitest';
import type { ApplicationError, Calling, Outcome, Portcullis, Served, State, StatusError, Streaming, Target } from '../src/index.js';
import { iterate, publisherOf, serve } from '../src/index.js';
import { Echo, type EchoClient, type EchoHandlers } from './generated/sample-echo.js';
import type { FlowsClient } from './generated/sample-flows.js';
import { Topics, type TopicsClient, type TopicsPublisher } from './generated/sample-topics.js';
import type { EchoError, EchoReply, FlowsError, Summary } from './generated/types.js';

declare const portcullis: Portcullis;
declare const echo: EchoClient;
declare const flows: FlowsClient;
declare const topics: TopicsClient;

/** Never run: only the compiler looks at it. */
function compiled(_: () => unknown): void {}

describe('types', () => {
  test('binding', () => {
    compiled(async () => {
      expectTypeOf(await portcullis.bind(Echo)).toEqualTypeOf<EchoClient>();
      expectTypeOf(await publisherOf(portcullis, Topics)).toEqualTypeOf<TopicsPublisher>();
      // @ts-expect-error Echo has no topics, so nothing to publish
      await publisherOf(portcullis, Echo);
      // @ts-expect-error a target is a label or an instance
      await portcullis.bind(Echo, { name: 'x' });
    });
    expectTypeOf<{ label: string }>().toExtend<Target>();
    expectTypeOf<State['status']>().toEqualTypeOf<'connecting' | 'connected' | 'closed'>();
  });

  test('calls', () => {
    compiled(() => {
      expectTypeOf(echo.call({ number: 1n, text: '', value: 0 })).toEqualTypeOf<Calling<EchoReply>>();
      expectTypeOf(echo.nothing().result).toEqualTypeOf<Promise<Outcome<void>>>();
      // @ts-expect-error a number is no bigint
      void echo.call({ number: 1, text: '', value: 0 });
      // @ts-expect-error there is no such option
      void echo.nothing({ timeout: 5 });
      // @ts-expect-error an argument is missing
      void echo.join('a', null);
    });
    compiled(async () => {
      const outcome = await echo.fail(1n, []).result;
      if (outcome.ok) {
        expectTypeOf(outcome.value).toEqualTypeOf<bigint>();
      } else {
        expectTypeOf(outcome.error).toEqualTypeOf<StatusError | ApplicationError<EchoError>>();
        if (outcome.error.status === 'application') expectTypeOf(outcome.error.error).toEqualTypeOf<EchoError>();
      }
    });
  });

  test('streams', () => {
    compiled(async () => {
      const stream = flows.count(1, null);
      expectTypeOf(stream).toEqualTypeOf<Streaming<number, Summary, FlowsError>>();
      for await (const item of stream) expectTypeOf(item).toEqualTypeOf<number>();
      expectTypeOf(await stream.reply).toEqualTypeOf<Summary>();
      expectTypeOf(await flows.sum([1])).toEqualTypeOf<Summary>();
      // @ts-expect-error items of another type
      void flows.sum(['1']);
    });
  });

  test('topics', () => {
    compiled(async () => {
      const off = topics.onLevel((value, { missed }) => {
        expectTypeOf(value).toEqualTypeOf<bigint>();
        expectTypeOf(missed).toEqualTypeOf<number>();
      });
      off();
      for await (const { value, missed } of iterate<number>((listener, options) => topics.onTicked(listener, options))) {
        expectTypeOf(value).toEqualTypeOf<number>();
        expectTypeOf(missed).toEqualTypeOf<number>();
      }
    });
  });

  test('serving', () => {
    compiled(async () => {
      const handlers: EchoHandlers = {} as EchoHandlers;
      expectTypeOf(await serve(portcullis, Topics, { emit: () => undefined })).toEqualTypeOf<Served<TopicsPublisher>>();
      await serve(portcullis, Echo, handlers, { instance: 'left' });
      // @ts-expect-error handlers are missing
      await serve(portcullis, Echo, { nothing: () => undefined });
      // @ts-expect-error a handler takes what its channel declares
      await serve(portcullis, Topics, { emit: (text: string) => text });
    });
  });
});
