/** A call on a lasting binding: it waits for an instance, and is made again where that is safe, inside one deadline. */
import { sizeOf } from '../codec/blob.js';
import { toBody } from '../codec/index.js';
import { CallError } from '../errors.js';
import type { CallOptions, ChannelDescriptor } from '../interface.js';
import type { Handle } from '../runtime/binding.js';
import { type Trace, traced } from '../runtime/calling.js';
import { timeLimit } from '../runtime/exchange.js';
import { localError, sendError, textOf } from '../runtime/failure.js';
import type { Lasting } from './lasting.js';
import { Impatience, Patience } from './patience.js';
import { Waits } from './waits.js';

/** Makes a call, as often as it takes. */
export async function retry<A extends readonly unknown[], R, E>(
  lasting: Lasting,
  channel: ChannelDescriptor<A, R, E>,
  args: A,
  options: CallOptions | undefined,
  made: Trace | undefined,
): Promise<R> {
  let sent = false;
  try {
    const [again, bytes] = kept(channel, args);
    const patience = new Patience(timeLimit(channel, options), [options?.signal, options?.parent?.signal]);
    const waits = new Waits(lasting.ground.policy);
    // Every turn but the first waits, and the deadline bounds them all.
    for (;;) {
      const handle = lasting.present ?? (await found(lasting, channel, patience, bytes, sent));
      try {
        return await handle.request(again, args, { ...options, timeoutMs: patience.leftMs }, undefined);
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        const ms = againAfter(channel, error, waits);
        // What one try may have done, the call may have done.
        sent ||= error.sent;
        (error as { sent: boolean }).sent = sent;
        if (ms === undefined || ms >= patience.leftMs || lasting.over !== undefined) throw error;
        await keeping(lasting, channel, bytes, sent, () => patience.sleep(ms));
      }
    }
  } catch (error) {
    throw made !== undefined && error instanceof CallError ? traced(error, made) : error;
  }
}

/** The instance that a call waits for. Rejects with the call's failure: that it was denied, say, or its time ran out. */
export function found(lasting: Lasting, channel: ChannelDescriptor, patience: Patience, bytes: number, sent: boolean): Promise<Handle> {
  return keeping(lasting, channel, bytes, sent, () => patience.wait<Handle>((done, failed) => lasting.await(done, failed)));
}

/** Waits, while there is room for what waits. */
async function keeping<T>(lasting: Lasting, channel: ChannelDescriptor, bytes: number, sent: boolean, wait: () => Promise<T>): Promise<T> {
  const give = lasting.ground.keep(bytes);
  if (give === undefined) throw localError(channel, 'resource_exhausted', 'too much waits for a connection', undefined, { sent });
  try {
    return await wait();
  } catch (error) {
    if (error instanceof CallError) throw localError(channel, error.status, error.detail, error, { sent });
    if (!(error instanceof Impatience)) throw error;
    const { status, cause } = error;
    const why = status === 'cancelled' ? undefined : `${textOf(status)}: ${lasting.lack}`;
    throw localError(channel, status, why, cause, { sent });
  } finally {
    give();
  }
}

/** The channel with these arguments as they are now, for their owner may go on with them before the call is made again. */
function kept<A extends readonly unknown[], R, E>(channel: ChannelDescriptor<A, R, E>, args: A): [ChannelDescriptor<A, R, E>, bytes: number] {
  try {
    const body = toBody(channel.args, args);
    return [{ ...channel, args: { ...channel.args, encode: (out) => out.body(body) } }, sizeOf(body.bytes, body.blobs)];
  } catch (error) {
    throw sendError(channel, 'the arguments', error);
  }
}

/** After which wait a call that failed is made again; undefined: not at all. */
function againAfter({ idempotent }: ChannelDescriptor, { status, retry, sent }: CallError, waits: Waits): number | undefined {
  if (status === 'unavailable') return idempotent || !sent ? waits.next(0) : undefined;
  if (!idempotent || (status !== 'resource_exhausted' && status !== 'aborted')) return undefined;
  return retry.type === 'after' ? retry.ms : retry.type === 'later' ? waits.next(0) : undefined;
}
