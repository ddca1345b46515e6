/** A handle on one instance: what generated clients and publishers stand on. */
import type {
  Arrival,
  Binding,
  Calling,
  CallOptions,
  ChannelDescriptor,
  DeliveryReport,
  Items,
  PublishBinding,
  Streaming,
  SubscribeOptions,
  Unsubscribe,
} from '../interface.js';
import { SendError } from '../session/core.js';
import { NOTIFY, PUBLISH, REQUEST } from '../session/frame.js';
import { reportCodec } from '../session/wire.js';
import { type OnReply, PendingCall } from './call.js';
import { calling, type Trace } from './calling.js';
import type { Connection } from './connection.js';
import { type Instance, timeLimit } from './exchange.js';
import { StreamCall } from './stream.js';
import { Subscription } from './subscription.js';

/** A report comes when its time is used up: its caller waits that much longer, in milliseconds. */
const REPORT_SLACK_MS = 1_000;

/** One instance, as its clients or its server see it. */
export class Handle implements Instance, Binding, PublishBinding {
  gone = false;

  constructor(
    readonly connection: Connection,
    readonly id: number,
  ) {}

  call<A extends readonly unknown[], R, E>(
    channel: ChannelDescriptor<A, R, E>,
    args: A,
    options?: CallOptions,
  ): Calling<R, E> {
    return this.request(channel, args, options, this.connection.trace(this.call));
  }

  send<A extends readonly unknown[], R, E, U>(
    channel: ChannelDescriptor<A, R, E, U, never>,
    args: A,
    items: Items<U>,
    options?: CallOptions,
  ): Calling<R, E> {
    // `never` stands for the flow that is not there; for what is done here, any stream is alike.
    const any = channel as unknown as ChannelDescriptor<A, R, E>;
    return this.request(any, args, options, this.connection.trace(this.send), items);
  }

  /** A call; `onReply` is called before anything behind the reply is looked at. */
  request<A extends readonly unknown[], R, E>(
    channel: ChannelDescriptor<A, R, E>,
    args: A,
    options: CallOptions | undefined,
    made: Trace | undefined,
    items?: Items<unknown>,
    onReply?: OnReply<R>,
  ): Calling<R, E> {
    return calling<R, E>((settle) => {
      const call = new PendingCall<R>(this.connection, channel, made, channel.reply, settle, onReply);
      const opening = { kind: REQUEST, up: items !== undefined, timeoutMs: timeLimit(channel, options) };
      call.start(this, (out) => channel.args.encode(out, args), opening, options, items);
    });
  }

  notify<A extends readonly unknown[]>(channel: ChannelDescriptor<A>, args: A): void {
    this.#tell(NOTIFY, channel, args);
  }

  stream<A extends readonly unknown[], R, E, U, D>(
    channel: ChannelDescriptor<A, R, E, U, D>,
    args: A,
    items: Items<U> | undefined,
    options?: CallOptions,
  ): Streaming<D, R, E> {
    const stream = new StreamCall<D, R, E>(this.connection, channel, this.connection.trace(this.stream));
    stream.start(this, (out) => channel.args.encode(out, args), items, options);
    return stream;
  }

  subscribe<T>(
    channel: ChannelDescriptor<readonly [T]>,
    listener: (value: T, arrival: Arrival) => void,
    options?: SubscribeOptions,
  ): Unsubscribe {
    const subscription = new Subscription(this.connection, channel, listener, options);
    subscription.start(this);
    return () => subscription.leave();
  }

  publish<T>(channel: ChannelDescriptor<readonly [T]>, value: T): void {
    this.#tell(PUBLISH, channel, [value]);
  }

  publishReported<T>(
    channel: ChannelDescriptor<readonly [T]>,
    value: T,
    withinMs: number,
  ): Calling<DeliveryReport> {
    const made = this.connection.trace(this.publishReported);
    return calling<DeliveryReport, never>((settle) => {
      const call = new PendingCall(this.connection, channel, made, reportCodec, settle);
      const opening = { kind: PUBLISH, timeoutMs: withinMs, slackMs: REPORT_SLACK_MS };
      call.start(this, (out) => channel.args.encode(out, [value]), opening);
    });
  }

  /** A message of which nothing comes back: where nobody is, it is dropped. */
  #tell<A extends readonly unknown[]>(kind: number, channel: ChannelDescriptor<A>, args: A): void {
    if (this.gone) return;
    const { connection } = this;
    try {
      connection.session.oneWay(kind, this.id, channel.ordinal, (out) => channel.args.encode(out, args));
    } catch (error) {
      if (!(error instanceof SendError)) throw error;
      if (error.status !== 'unavailable') connection.logger.error(`portcullis: ${channel.name} was dropped`, error);
    }
    connection.touched();
  }
}
