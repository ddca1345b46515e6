/** The errors of calls: those that the hub tells, and those that arise here. */
import type { Blobs } from '../codec/blob.js';
import { CodecError, fromBytes } from '../codec/index.js';
import { ApplicationError, CallError, type Failure } from '../errors.js';
import { STATUS_RETRIES, type StatusName } from '../generated/tables.js';
import type { ChannelDescriptor } from '../interface.js';
import { SendError } from '../session/core.js';
import { failureCodec } from '../session/wire.js';

const TEXTS: { readonly [status in StatusName]?: string } = {
  cancelled: 'the caller cancelled',
  deadline_exceeded: 'the time for the call ran out',
  unavailable: 'its server has left',
  internal: 'the handler failed',
};

/** What is to be said of a status when nothing better is known. */
export function textOf(status: StatusName): string {
  return TEXTS[status] ?? status;
}

/** Of what was surely not executed. */
export const UNSENT: Partial<Failure> = { sent: false };

/** Of what cannot be sent as it is. */
const NEVER_SENT: Partial<Failure> = { ...UNSENT, retry: { type: 'never' } };

/** An error that arose at this end. */
export function localError(
  channel: ChannelDescriptor,
  status: StatusName,
  message = textOf(status),
  cause?: unknown,
  more?: Partial<Failure>,
): CallError {
  const advice = STATUS_RETRIES[status];
  const again = advice === 'later' || (advice === 'idempotent' && (channel.idempotent || more?.sent === false));
  const error = new CallError(status, {
    channel: channel.name,
    message,
    retry: { type: again ? 'later' : 'never' },
    ...more,
  });
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** A value that could not be written or read. */
export function valueError(channel: ChannelDescriptor, status: StatusName, what: string, error: unknown, more?: Partial<Failure>): CallError {
  const path = error instanceof CodecError ? error.path : '';
  const why = error instanceof Error ? error.message : String(error);
  return localError(channel, status, `${what}: ${why}`, error, { path, ...more });
}

/** What kept a call from being sent. */
export function sendError(channel: ChannelDescriptor, what: string, error: unknown): CallError {
  if (error instanceof SendError) return localError(channel, error.status, error.message, undefined, error.isFinal ? NEVER_SENT : UNSENT);
  return valueError(channel, 'invalid_argument', what, error, UNSENT);
}

/** What an `end` other than `ok` says. */
export function endError(channel: ChannelDescriptor, status: StatusName, body: Uint8Array, blobs: Blobs): CallError {
  try {
    if (status === 'application' && channel.error !== null) {
      return new ApplicationError(fromBytes(channel.error, body, undefined, blobs), channel.name);
    }
    const failure = fromBytes(failureCodec, body);
    return new CallError(status, { ...failure, channel: failure.channel || channel.name });
  } catch (error) {
    // The hub let it pass and this side cannot read it: two builds disagree.
    return valueError(channel, 'internal', 'an error that cannot be read', error);
  }
}
