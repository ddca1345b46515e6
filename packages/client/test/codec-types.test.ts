/**
 * What the types of generated code allow and refuse. The compiler is the test: each `@ts-expect-error` fails the check
 * if the line below it were allowed. (R3, R30)
 */
import { expect, expectTypeOf, it } from 'vitest';
import type { ApplicationError, CallError, StatusError } from '../src/errors.js';
import type { Calling, CallFailure, Outcome, Streaming } from '../src/interface.js';
import {
  type Change,
  type ChangeKind,
  type EchoError,
  type EchoReply,
  type EchoRequest,
  Echo,
  type EchoClient,
  type EchoHandlers,
  type FlowsClient,
  type FlowsError,
  type FlowsHandlers,
  Id,
  type Level,
  type Maps,
  Name,
  type Options,
  type Picture,
  Preferences,
  type Shape,
  type Summary,
  type TopicsClient,
  type TopicsPublisher,
} from './generated/index.js';

it('newtypes are told apart, and are made of plain values', () => {
  expectTypeOf(Id(5)).toExtend<number>();
  // @ts-expect-error a plain number is no id
  const plain: Id = 5;
  // @ts-expect-error a name is no id
  const other: Id = Name('x');
  expect([plain, other, Id(5)]).toEqual([5, 'x', 5]);
});

it('enums are unions that a switch narrows to nothing', () => {
  expectTypeOf<Level>().toEqualTypeOf<'low' | 'halfWay' | 'high'>();
  const area = (shape: Shape): number => {
    switch (shape.type) {
      case 'circle':
        return shape.value;
      case 'segment':
        return shape.values[1][0];
      case 'boundingBox':
        return shape.width * shape.height;
      case 'inside':
        return area(shape.value);
      case 'many':
        return shape.shapes.length;
      case 'point':
        return 0;
    }
  };
  expect(area({ type: 'inside', value: { type: 'circle', value: 2 } })).toBe(2);
  // @ts-expect-error there is no such variant
  const square: Shape = { type: 'square' };
  // @ts-expect-error a field is missing
  const box: Shape = { type: 'boundingBox', width: 1, height: 1, top: 0 };
  expect([square, box]).toHaveLength(2);
});

it('flexible enums have a variant for what this build does not know', () => {
  expectTypeOf<Extract<Change, { type: 'unknown' }>>().toHaveProperty('tag');
  expectTypeOf<Exclude<ChangeKind, string>>().toHaveProperty('bytes');
});

it('64-bit integers are bigints, options may be null, maps are maps', () => {
  expectTypeOf<EchoRequest['number']>().toEqualTypeOf<bigint>();
  expectTypeOf<Options['long']>().toEqualTypeOf<bigint | null>();
  expectTypeOf<Preferences['serial']>().toEqualTypeOf<bigint | null>();
  expectTypeOf<Maps['byText']>().toEqualTypeOf<ReadonlyMap<string, number>>();
  expectTypeOf<Picture['pixels']>().toEqualTypeOf<Uint8Array<ArrayBuffer>>();
  // @ts-expect-error a number is no 64-bit integer
  const request: EchoRequest = { number: 5, text: '', value: 0 };
  // @ts-expect-error an option is never left out
  const left: Options = {};
  expect([request, left]).toHaveLength(2);
});

it('a table is made of the fields that are present', () => {
  expect(Preferences({ volume: 5 })).toEqual({ ...Preferences(), volume: 5 });
  expect(Object.values(Preferences())).toEqual([null, null, null, null, null, null]);
  // @ts-expect-error a field that the contract does not have
  expect(Preferences({ loudness: 5 })).toHaveProperty('loudness');
});

it('calls, streams and topics carry the types of their declaration', () => {
  expectTypeOf<ReturnType<EchoClient['call']>>().toEqualTypeOf<Calling<EchoReply>>();
  expectTypeOf<ReturnType<FlowsClient['count']>>().toEqualTypeOf<Streaming<number, Summary, FlowsError>>();
  expectTypeOf<Parameters<TopicsClient['onLevel']>[0]>().parameter(0).toEqualTypeOf<bigint>();
  expectTypeOf<Parameters<TopicsPublisher['level']>>().toEqualTypeOf<[value: bigint]>();
  expectTypeOf<CallFailure>().toEqualTypeOf<CallError>();
  expectTypeOf<CallFailure<EchoError>>().toEqualTypeOf<StatusError | ApplicationError<EchoError>>();
  const fieldsOf = (error: CallFailure<EchoError>) => (error.status === 'application' ? error.error : undefined);
  expectTypeOf(fieldsOf).returns.toEqualTypeOf<EchoError | undefined>();
  expectTypeOf<Extract<Outcome<number, EchoError>, { ok: true }>['value']>().toEqualTypeOf<number>();
  expect(Echo.channels.map((channel) => channel.ordinal)).toEqual(Echo.channels.map((_, index) => index));
});

it('handlers may answer now or later, and must answer with the right type', () => {
  const summary = (count: number): Summary => ({ items: count, sum: 0n });
  const flows: Pick<FlowsHandlers, 'count' | 'sum' | 'stall'> = {
    async *count(count) {
      yield count;
      return summary(count);
    },
    sum: async (items) => {
      let count = 0;
      for await (const item of items) count += item;
      return summary(count);
    },
    async *stall() {
      yield 1;
    },
  };
  const wrong: Pick<FlowsHandlers, 'count'> = {
    // @ts-expect-error items are numbers
    async *count() {
      yield 'one';
      return summary(0);
    },
  };
  const now: Partial<EchoHandlers> = { call: (request) => ({ ...request }) };
  expect([flows, wrong, now]).toHaveLength(3);
});
