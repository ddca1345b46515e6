/** A stream with items down: an async iterable that gives credit as it is read. */
import { type Blobs, sizeOf } from '../codec/blob.js';
import { fromBytes } from '../codec/index.js';
import type { CallError } from '../errors.js';
import type { Binding, CallFailure, CallOptions, Calling, ChannelDescriptor, Codec, Items, Streaming } from '../interface.js';
import type { Body } from '../session/core.js';
import { REQUEST } from '../session/frame.js';
import { calling, type Settle, type Trace } from './calling.js';
import type { Connection } from './connection.js';
import { Exchange, type Instance, timeLimit } from './exchange.js';
import { localError } from './failure.js';
import { ItemQueue } from './queue.js';
import { Upload } from './upload.js';

class StreamCall<D, R, E> extends Exchange implements Streaming<D, R, E> {
  readonly #queue: ItemQueue<D, R>;
  #upload: Upload | undefined;
  #first = true;
  #outcome: { readonly value: R } | { readonly error: CallFailure<E> } | undefined;
  #reply: Calling<R, E> | undefined;
  #settle: Settle<R> | undefined;

  constructor(connection: Connection, channel: ChannelDescriptor, made: Trace | undefined) {
    super(connection, channel, made);
    const meter = this.meter();
    this.#queue = new ItemQueue<D, R>(
      (bytes) => meter.taken(bytes),
      () => this.cancel(),
      undefined as R,
    );
  }

  start(to: Instance, body: Body, items: Items<unknown> | undefined, options: CallOptions | undefined): void {
    const up = items !== undefined && this.channel.up !== null;
    this.begin(to, body, { kind: REQUEST, up, down: true, timeoutMs: timeLimit(this.channel, options) }, options);
    if (!up || this.done) return;
    this.#upload = new Upload(this.connection, this.channel, this.id, items, (error) => this.abort(error));
  }

  /** Made when somebody asks for it, so that a failure which the loop tells is not told to nobody as well. */
  get reply(): Calling<R, E> {
    this.#reply ??= calling<R, E>((settle) => {
      this.#settle = settle;
      this.#tell();
    });
    return this.#reply;
  }

  [Symbol.asyncIterator](): AsyncIterator<D, R, void> {
    return this.#queue;
  }

  cancel(): void {
    this.abort(localError(this.channel, 'cancelled'));
  }

  credit(): void {
    this.#upload?.wake();
  }

  item(_missed: number, _token: number | undefined, body: Uint8Array, blobs: Blobs): void {
    const { channel } = this;
    if (this.#first) {
      this.#first = false;
      this.connection.session.clearDeadline(false, this.id);
    }
    let value: D;
    try {
      value = fromBytes(channel.down as Codec<D>, body, this.reading, blobs);
    } catch (error) {
      return this.abort(this.unreadable('an item', error));
    }
    this.#queue.push(value, sizeOf(body, blobs));
  }

  protected override decode(body: Uint8Array, blobs: Blobs): R {
    return fromBytes(this.channel.reply, body, this.reading, blobs) as R;
  }

  protected override succeeded(value: R): void {
    this.#over({ value });
  }

  protected override failed(error: CallError): void {
    this.#over({ error: error as CallFailure<E> });
  }

  #over(outcome: { readonly value: R } | { readonly error: CallFailure<E> }): void {
    this.#outcome = outcome;
    this.#upload?.stop();
    this.#queue.end(outcome);
    this.#tell();
  }

  #tell(): void {
    const outcome = this.#outcome;
    if (outcome === undefined) return;
    if ('error' in outcome) this.#settle?.reject(outcome.error);
    else this.#settle?.resolve(outcome.value);
  }
}

/** Opens a stream with items down. `items` goes up, where the channel has that flow. Generated code calls this. */
export function openStream<A extends readonly unknown[], R, E, U, D>(
  binding: Binding,
  channel: ChannelDescriptor<A, R, E, U, D>,
  args: A,
  items: Items<U> | undefined,
  options?: CallOptions,
): Streaming<D, R, E> {
  const { connection } = binding;
  const stream = new StreamCall<D, R, E>(connection, channel, connection.trace(openStream));
  stream.start(binding, (out) => channel.args.encode(out, args), items, options);
  return stream;
}
