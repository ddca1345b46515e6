/** Publishing: what the generated type of a publisher promises, made from the channels of its interface. */
import type { Calling, ChannelDescriptor, DeliveryReport, InterfaceDescriptor } from '../interface.js';
import { PUBLISH } from '../session/frame.js';
import { reportCodec } from '../session/wire.js';
import type { Handle } from './binding.js';
import { PendingCall } from './call.js';
import { calling } from './calling.js';

/** A report comes when its time is used up: its caller waits that much longer, in milliseconds. */
const REPORT_SLACK_MS = 1_000;

/** Two methods for each topic: `level(value)` and `levelReported(value, withinMs)`. Null where there is no topic. */
export function publisherOn<Publisher>(
  handle: Handle,
  { channels }: InterfaceDescriptor<unknown, unknown, Publisher>,
): Publisher {
  const topics = channels.filter(({ kind }) => kind === 'event' || kind === 'state');
  const methods = topics.flatMap((topic) => [
    [topic.method, (value: unknown) => handle.tell(PUBLISH, topic, [value])],
    [`${topic.method}Reported`, reporting(handle, topic)],
  ]);
  return (topics.length > 0 ? Object.fromEntries(methods) : null) as Publisher;
}

function reporting(handle: Handle, channel: ChannelDescriptor): (value: unknown, withinMs: number) => Calling<DeliveryReport> {
  const { connection } = handle;
  return function reported(value, withinMs) {
    const made = connection.trace(reported);
    return calling((settle) => {
      const call = new PendingCall(connection, channel, made, reportCodec, settle);
      const opening = { kind: PUBLISH, timeoutMs: withinMs, slackMs: REPORT_SLACK_MS };
      call.begin(handle, (out) => channel.args.encode(out, [value]), opening);
    });
  };
}
