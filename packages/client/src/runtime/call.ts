/** A call with one reply: a promise. */
import type { Blobs } from '../codec/blob.js';
import { fromBytes } from '../codec/index.js';
import type { CallError } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { ChannelDescriptor, Codec } from '../interface.js';
import type { Settle, Trace } from './calling.js';
import type { Connection } from './connection.js';
import { Exchange } from './exchange.js';

/**
 * Told of a reply as it comes in, before anything behind it is looked at, and also when its caller has given up:
 * `wanted` is false then.
 */
export type OnReply<R> = (value: R, wanted: boolean) => void;

/** A call in flight. */
export class PendingCall<R> extends Exchange {
  readonly #reply: Codec<R>;
  readonly #settled: Settle<R>;
  readonly #onReply: OnReply<R> | undefined;

  constructor(
    connection: Connection,
    channel: ChannelDescriptor,
    made: Trace | undefined,
    reply: Codec<R>,
    settled: Settle<R>,
    onReply?: OnReply<R>,
  ) {
    super(connection, channel, made);
    this.#reply = reply;
    this.#settled = settled;
    this.#onReply = onReply;
  }

  late(status: StatusName, body: Uint8Array, blobs: Blobs): void {
    if (status === 'ok' && this.#onReply !== undefined) {
      const value = fromBytes(this.#reply, body, undefined, blobs);
      this.#onReply(value, false);
    }
  }

  protected override decode(body: Uint8Array, blobs: Blobs): R {
    return fromBytes(this.#reply, body, this.reading, blobs);
  }

  protected override succeeded(value: R): void {
    this.#onReply?.(value, true);
    this.#settled.resolve(value);
  }

  protected override failed(error: CallError): void {
    this.#settled.reject(error);
  }
}
