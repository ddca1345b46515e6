/** A subscription to a topic: a callback for each value, and none after its end. */
import { type Blobs, sizeOf } from '../codec/blob.js';
import { fromBytes } from '../codec/index.js';
import type { CallError } from '../errors.js';
import type { Arrival, Binding, ChannelDescriptor, SubscribeOptions, Subscribing, Unsubscribe } from '../interface.js';
import { SUBSCRIBE } from '../session/frame.js';
import type { Connection } from './connection.js';
import { Exchange, type Instance } from './exchange.js';
import { localError } from './failure.js';

class Subscription<T> extends Exchange {
  readonly #meter = this.meter();
  #left = false;

  constructor(
    connection: Connection,
    channel: ChannelDescriptor,
    private readonly listener: (value: T, arrival: Arrival) => void,
    private readonly options: SubscribeOptions | undefined,
  ) {
    super(connection, channel, undefined);
  }

  start(to: Instance): void {
    this.begin(to, () => undefined, { kind: SUBSCRIBE, down: true }, this.options);
  }

  /** Nobody listens any more. */
  leave(): void {
    this.#left = true;
    this.abort(localError(this.channel, 'cancelled'));
  }

  item(missed: number, token: number | undefined, body: Uint8Array, blobs: Blobs): void {
    const { session } = this.connection;
    let value: T;
    try {
      [value] = fromBytes(this.channel.args, body, this.reading, blobs) as readonly [T];
    } catch (error) {
      return this.abort(this.unreadable('a value', error));
    }
    if (token !== undefined) session.ack(this.id, token);
    this.#meter.taken(sizeOf(body, blobs));
    this.connection.guard(`a listener of ${this.channel.name}`, () => this.listener(value, { missed }));
  }

  protected override decode(): never {
    // A topic does not end well: whoever leaves it cancels.
    throw new TypeError('a topic has no reply');
  }

  protected override succeeded(): void {}

  protected override failed(error: CallError): void {
    const onEnd = this.options?.onEnd;
    // Its own wish to leave, by signal or by call, is no news to the subscriber.
    if (onEnd === undefined || error.status === 'cancelled') return;
    const tell = () => this.connection.guard(`\`onEnd\` of ${this.channel.name}`, () => onEnd(error));
    // Not before the subscriber has what `subscribe` returns.
    if (this.id === 0) queueMicrotask(() => (this.#left ? undefined : tell()));
    else tell();
  }
}

/** Listens to a topic. Generated code calls this. */
export function subscribeTo<T>(
  binding: Binding,
  channel: ChannelDescriptor<readonly [T]>,
  listener: (value: T, arrival: Arrival) => void,
  options?: SubscribeOptions,
): Unsubscribe {
  const begin: Subscribing = (to, options) => {
    const subscription = new Subscription(to.connection, channel, listener, options);
    subscription.start(to);
    return () => subscription.leave();
  };
  return binding.each?.(begin, options) ?? begin(binding, options);
}
