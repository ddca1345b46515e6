/**
 * A handle on one instance: what generated clients stand on. Calls and notifications are here, as every page has them;
 * streams, subscriptions and publishing are functions in files of their own, which a page that does not use them lacks.
 */
import type { Binding, Calling, CallOptions, ChannelDescriptor } from '../interface.js';
import { SendError } from '../session/core.js';
import { NOTIFY, REQUEST } from '../session/frame.js';
import { type OnReply, PendingCall } from './call.js';
import { calling, type Trace } from './calling.js';
import type { Connection } from './connection.js';
import { timeLimit } from './exchange.js';

/** One instance, as its clients or its server see it. */
export class Handle implements Binding {
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

  /** A call; `onReply` is called before anything behind the reply is looked at. */
  request<A extends readonly unknown[], R, E>(
    channel: ChannelDescriptor<A, R, E>,
    args: A,
    options: CallOptions | undefined,
    made: Trace | undefined,
    onReply?: OnReply<R>,
  ): Calling<R, E> {
    return calling<R, E>((settle) => {
      const call = new PendingCall<R>(this.connection, channel, made, channel.reply, settle, onReply);
      const opening = { kind: REQUEST, timeoutMs: timeLimit(channel, options) };
      call.begin(this, (out) => channel.args.encode(out, args), opening, options);
    });
  }

  notify<A extends readonly unknown[]>(channel: ChannelDescriptor<A>, args: A): void {
    this.tell(NOTIFY, channel, args);
  }

  /** A message of which nothing comes back: where nobody is, it is dropped. */
  tell<A extends readonly unknown[]>(kind: number, channel: ChannelDescriptor<A>, args: A): void {
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
