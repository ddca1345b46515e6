/** The errors of calls: those that the hub tells, and those that arise here. */
import { CodecError, fromBytes } from '../codec/index.js';
import { ApplicationError, CallError, type Retry } from '../errors.js';
import { STATUS_RETRIES, type StatusName } from '../generated/tables.js';
import type { ChannelDescriptor } from '../interface.js';
import { SendError } from '../session/core.js';
import { failureCodec } from '../session/wire.js';

/** An error that arose at this end. */
export function localError(channel: ChannelDescriptor, status: StatusName, message: string, cause?: unknown): CallError {
  const advice = STATUS_RETRIES[status];
  const retry: Retry = { type: advice === 'later' || (advice === 'idempotent' && channel.idempotent) ? 'later' : 'never' };
  const error = new CallError(status, { channel: channel.name, message, retry });
  if (cause !== undefined) error.cause = cause;
  return error;
}

/** What kept a call from being sent. */
export function sendError(channel: ChannelDescriptor, error: unknown): CallError {
  if (error instanceof SendError) return localError(channel, error.status, error.message);
  const path = error instanceof CodecError ? error.path : '';
  const message = error instanceof Error ? error.message : String(error);
  const refused = new CallError('invalid_argument', { channel: channel.name, path, message });
  refused.cause = error;
  return refused;
}

/** A body that the hub let pass and that this side cannot read: two builds disagree. */
export function unreadable(channel: ChannelDescriptor, what: string, error: unknown): CallError {
  const path = error instanceof CodecError ? error.path : '';
  const failure = new CallError('internal', { channel: channel.name, path, message: `${what} cannot be read: ${String(error)}` });
  failure.cause = error;
  return failure;
}

/** What an `end` other than `ok` says. */
export function endError(channel: ChannelDescriptor, status: StatusName, body: Uint8Array): CallError {
  try {
    if (status === 'application' && channel.error !== null) {
      return new ApplicationError(fromBytes(channel.error, body), channel.name);
    }
    const failure = fromBytes(failureCodec, body);
    return new CallError(status, { ...failure, channel: failure.channel || channel.name });
  } catch (error) {
    return unreadable(channel, 'the error', error);
  }
}
