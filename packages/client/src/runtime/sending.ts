/** A stream whose items go up only: a call that sends items until it ends. */
import type { CallError } from '../errors.js';
import type { Binding, Calling, CallOptions, ChannelDescriptor, Items } from '../interface.js';
import { REQUEST } from '../session/frame.js';
import { PendingCall } from './call.js';
import { calling } from './calling.js';
import { timeLimit } from './exchange.js';
import { Upload } from './upload.js';

class SendingCall<R> extends PendingCall<R> {
  #upload: Upload | undefined;

  send(items: Items<unknown>): void {
    if (this.done) return;
    this.#upload = new Upload(this.connection, this.channel, this.id, items, (error) => this.abort(error));
  }

  credit(): void {
    this.#upload?.wake();
  }

  protected override succeeded(value: R): void {
    this.#upload?.stop();
    super.succeeded(value);
  }

  protected override failed(error: CallError): void {
    this.#upload?.stop();
    super.failed(error);
  }
}

/** Opens a stream with items up only: its outcome is that of a call. Generated code calls this. */
export function sendItems<A extends readonly unknown[], R, E, U>(
  binding: Binding,
  channel: ChannelDescriptor<A, R, E, U, never>,
  args: A,
  items: Items<U>,
  options?: CallOptions,
): Calling<R, E> {
  const made = binding.connection.trace(sendItems);
  return calling<R, E>((settle) => {
    const call = new SendingCall<R>(binding.connection, channel, made, channel.reply, settle);
    const opening = { kind: REQUEST, up: true, timeoutMs: timeLimit(channel, options) };
    call.begin(binding, (out) => channel.args.encode(out, args), opening, options);
    call.send(items);
  });
}
