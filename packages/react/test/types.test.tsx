/** What the hooks make of a generated client: nobody has to write a type. */
import type { ApplicationError, CallError, Portcullis, Reconnecting, StatusError } from '@portcullis/client';
import { describe, expectTypeOf, test } from 'vitest';
import { Echo, type EchoClient } from '../../client/test/generated/sample-echo.js';
import { Flows } from '../../client/test/generated/sample-flows.js';
import { Topics, type TopicsClient } from '../../client/test/generated/sample-topics.js';
import type { EchoError, FlowsError, Picture, Preferences, Summary } from '../../client/test/generated/types.js';
import { type Source, type TopicOf, useCall, useClient, useStateTopic, useStream } from '../src/index.js';

/** Hooks are called by components only: this is checked, and never runs. */
function component() {
  const echo = useClient(Echo);
  expectTypeOf(echo.client).toEqualTypeOf<EchoClient | undefined>();
  expectTypeOf(echo.error).toEqualTypeOf<CallError | undefined>();

  const later = useCall(echo, (c, signal) => c.later(5, { signal }), []);
  expectTypeOf(later.data).toEqualTypeOf<number | undefined>();
  expectTypeOf(later.error).toEqualTypeOf<CallError | undefined>();
  const fail = useCall(echo, (c, signal) => c.fail(3n, [], { signal }), []);
  expectTypeOf(fail.error).toEqualTypeOf<StatusError | ApplicationError<EchoError> | undefined>();
  // @ts-expect-error: there is no such call.
  useCall(echo, (c, signal) => c.missing({ signal }), []);
  // @ts-expect-error: a call that forgets its dependencies would never be made anew.
  useCall(echo, (c, signal) => c.later(5, { signal }));

  const topics = useClient(Topics);
  expectTypeOf(useStateTopic(topics, 'onPreferences').value).toEqualTypeOf<Preferences | undefined>();
  expectTypeOf(useStateTopic(topics, 'onLevel').value).toEqualTypeOf<bigint | undefined>();
  // @ts-expect-error: a call is no topic.
  useStateTopic(topics, 'emit');

  const flows = useClient(Flows, { label: 'main' });
  const count = useStream(flows, (c, signal) => c.count(1, null, { signal }), []);
  expectTypeOf(count.item).toEqualTypeOf<number | undefined>();
  expectTypeOf(count.reply).toEqualTypeOf<Summary | undefined>();
  expectTypeOf(count.error).toEqualTypeOf<StatusError | ApplicationError<FlowsError> | undefined>();
  useStream(flows, (c, signal) => c.pictures(1, 1, { signal }), [], { onItem: (item) => expectTypeOf(item).toEqualTypeOf<Picture>() });
  const [numbers, texts]: [(item: number) => void, (item: string) => void] = [() => undefined, () => undefined];
  useStream(flows, (c) => c.count(1, null), [], { onItem: numbers });
  // @ts-expect-error: the items are numbers.
  useStream(flows, (c) => c.count(1, null), [], { onItem: texts });
}

describe('types', () => {
  test('follow from the generated client', () => {
    expectTypeOf(component).toBeFunction();
    expectTypeOf<TopicOf<EchoClient>>().toEqualTypeOf<never>();
    expectTypeOf<TopicOf<TopicsClient>>().toEqualTypeOf<'onTicked' | 'onKept' | 'onStrict' | 'onChanged' | 'onPreferences' | 'onLevel'>();
  });

  test('both kinds of connection will do', () => {
    expectTypeOf<Portcullis>().toExtend<Source>();
    expectTypeOf<Reconnecting>().toExtend<Source>();
  });
});
