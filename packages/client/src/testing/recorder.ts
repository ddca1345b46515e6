/** Keeps what was called, as it passes the hub: decoded with the codecs that the other end will use. */
import type { Blobs } from '../codec/blob.js';
import { fromBytes } from '../codec/index.js';
import type { CallFailure, ChannelDescriptor, Outcome } from '../interface.js';
import { statusOf } from '../names.js';
import { endError } from '../runtime/failure.js';
import type { RecordedCall } from './types.js';

/** Calls that are kept; when there are more, the oldest are forgotten. */
export const RECORDED_CALLS_MAX = 10_000;

interface Entry extends RecordedCall<string, unknown, unknown, unknown> {
  outcome: Outcome<unknown, unknown> | undefined;
}

export class Recorder {
  readonly calls: Entry[] = [];

  /** An `Observer` of the hub's. */
  readonly observe = (channel: ChannelDescriptor, caller: string, body: Uint8Array, blobs: Blobs) => {
    const entry: Entry = {
      method: channel.method,
      arguments: fromBytes(channel.args, body, undefined, blobs),
      caller,
      outcome: undefined,
    };
    this.calls.push(entry);
    if (this.calls.length > RECORDED_CALLS_MAX) this.calls.shift();
    return (code: number, body: Uint8Array, blobs: Blobs) => {
      entry.outcome = outcomeOf(channel, code, body, blobs);
    };
  };
}

function outcomeOf(channel: ChannelDescriptor, code: number, body: Uint8Array, blobs: Blobs): Outcome<unknown, unknown> {
  const status = statusOf(code) ?? 'internal';
  if (status !== 'ok') return { ok: false, error: endError(channel, status, body, blobs) as CallFailure<unknown> };
  return { ok: true, value: fromBytes(channel.reply, body, undefined, blobs) };
}
