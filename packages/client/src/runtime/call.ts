/** A call with one reply, and a stream whose items go up only: both are a promise. */
import { fromBytes } from '../codec/index.js';
import type { CallError } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { ChannelDescriptor, Codec, Items } from '../interface.js';
import type { Body } from '../session/core.js';
import type { Settle, Trace } from './calling.js';
import type { Connection } from './connection.js';
import { type Endings, Exchange, type Instance, type Opening } from './exchange.js';
import { Upload } from './upload.js';

/**
 * Told of a reply as it comes in, before anything behind it is looked at, and also when its caller has given up:
 * `wanted` is false then.
 */
export type OnReply<R> = (value: R, wanted: boolean) => void;

/** A call in flight. */
export class PendingCall<R> extends Exchange {
  #upload: Upload | undefined;

  constructor(
    connection: Connection,
    channel: ChannelDescriptor,
    made: Trace | undefined,
    private readonly reply: Codec<R>,
    private readonly settled: Settle<R>,
    private readonly onReply?: OnReply<R>,
  ) {
    super(connection, channel, made);
  }

  start(to: Instance, body: Body, opening: Opening, options?: Endings, items?: Items<unknown>): void {
    this.begin(to, body, opening, options);
    if (items === undefined || this.done) return;
    this.#upload = new Upload(this.connection, this.channel, this.id, items, (error) => this.abort(error));
  }

  credit(): void {
    this.#upload?.wake();
  }

  late(status: StatusName, body: Uint8Array): void {
    if (status === 'ok' && this.onReply !== undefined) {
      const value = fromBytes(this.reply, body);
      this.onReply(value, false);
    }
  }

  protected override decode(body: Uint8Array): () => void {
    const value = fromBytes(this.reply, body);
    return () => {
      this.#upload?.stop();
      this.onReply?.(value, true);
      this.settled.resolve(value);
    };
  }

  protected override failed(error: CallError): void {
    this.#upload?.stop();
    this.settled.reject(error);
  }
}
