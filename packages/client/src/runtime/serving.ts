/** One call that this side serves: its context, its handler's outcome, its items in both directions. */
import { type Blobs, sizeOf } from '../codec/blob.js';
import { CodecError, fromBytes } from '../codec/index.js';
import type { Writer } from '../codec/writer.js';
import { ApplicationError, CallError, type Failure } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { CallContext, Caller, ChannelDescriptor, Items } from '../interface.js';
import { SendError, type Served } from '../session/core.js';
import { failureCodec } from '../session/wire.js';
import type { Connection } from './connection.js';
import type { FaultLog } from './fault-log.js';
import { textOf } from './failure.js';
import { DroppingPump } from './dropping.js';
import { type Outflow, Pump } from './pump.js';
import { CreditMeter, ItemQueue } from './queue.js';

/** A handler, as the runtime calls it: the arguments, the items that come up if there are any, the context. */
export type Handler = (...args: unknown[]) => unknown;

/** A call with id 0 is a notification: nothing is answered, all else is the same. */
export class Serving implements Served, CallContext {
  readonly channel: string;
  #abort: AbortController | undefined;
  /** Why the handler is no longer wanted. */
  #stopped: CallError | undefined;
  #answered = false;
  #items: ItemQueue<unknown, void> | undefined;
  #pump: Pump<unknown, unknown> | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly faults: FaultLog,
    private readonly descriptor: ChannelDescriptor,
    readonly caller: Caller | undefined,
    private readonly id: number,
    private deadline: number,
  ) {
    this.channel = descriptor.name;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#stopped !== undefined) this.#abort.abort(this.#stopped);
    }
    return this.#abort.signal;
  }

  remainingMs(): number {
    return this.#stopped === undefined ? Math.max(0, this.deadline - this.connection.now()) : 0;
  }

  /** Runs the handler, at once, so that calls begin in the order in which they came. Never rejects. */
  async run(handler: Handler, body: Uint8Array, blobs: Blobs): Promise<void> {
    const { descriptor } = this;
    let args: unknown[];
    try {
      args = [...(fromBytes(descriptor.args, body, undefined, blobs) as readonly unknown[])];
    } catch (error) {
      return this.#fault('got arguments that cannot be read', error);
    }
    try {
      if (descriptor.up !== null) args.push((this.#items = this.#receiveItems()));
      let result = await handler(...args, this);
      if (descriptor.down !== null && this.#stopped === undefined) {
        result = await this.#sendItems(result as Items<unknown>);
      }
      if (this.#stopped === undefined) this.#answer('ok', (out) => descriptor.reply.encode(out, result));
    } catch (error) {
      this.#refuse(error);
    }
    this.#items?.end({ value: undefined });
    await this.#pump?.stop();
    if (this.#stopped !== undefined && !this.#answered) this.#answerFailure(this.#stopped.status);
  }

  item(body: Uint8Array, blobs: Blobs): void {
    const { up } = this.descriptor;
    if (up === null) return;
    try {
      this.#items?.push(fromBytes(up, body, undefined, blobs), sizeOf(body, blobs));
    } catch (error) {
      this.#fault('got an item that cannot be read', error);
    }
  }

  finish(): void {
    this.#items?.end({ value: undefined });
  }

  credit(): void {
    this.#pump?.wake();
  }

  /**
   * The call ends when its handler has come to its end: until then it keeps its place, here and among those that the hub lets its caller
   * have, or who gives up again and again would pile up handlers. Whoever has called does not wait for that.
   */
  stop(status: StatusName): void {
    this.#stop(status);
  }

  abandon(): void {
    this.#stop('unavailable');
  }

  #receiveItems(): ItemQueue<unknown, void> {
    const meter = new CreditMeter(this.connection, true, () => this.id);
    // A reader that leaves gives no more credit; the caller learns of it by the end of the call.
    return new ItemQueue(
      (bytes) => meter.taken(bytes),
      () => undefined,
      undefined,
    );
  }

  #sendItems(items: Items<unknown>): Promise<unknown> {
    const { connection, descriptor, id } = this;
    const { session } = connection;
    const out: Outflow<unknown> = {
      maySend: () => session.maySend(true, id),
      send: (value, missed) => {
        session.item(true, id, missed, (out) => descriptor.down?.encode(out, value));
        // The time was that to the first item.
        if (this.deadline !== Infinity) session.clearDeadline(true, id);
        this.deadline = Infinity;
        connection.touched();
      },
    };
    this.#pump = descriptor.overflow === 'dropOldest' ? new DroppingPump(out, descriptor.depth) : new Pump(out);
    return this.#pump.run(items);
  }

  #answer(status: StatusName, body: (out: Writer) => void): void {
    // What cannot be written is no answer.
    this.connection.session.reply(this.id, status, body);
    this.#answered = true;
    this.connection.touched();
  }

  #answerFailure(status: StatusName, failure: Partial<Failure> = {}): void {
    const body = { channel: this.channel, message: textOf(status), ...failure };
    this.#answer(status, (out) => failureCodec.encode(out, body));
  }

  /** What the handler threw, or the reply or item of its that breaks the contract. */
  #refuse(error: unknown): void {
    if (this.#stopped !== undefined) return;
    const { error: codec } = this.descriptor;
    if (error instanceof ApplicationError) {
      if (codec === null) return this.#fault('threw an error that it does not declare', error);
      try {
        return this.#answer('application', (out) => codec.encode(out, error.error));
      } catch (broken) {
        return this.#fault('threw an error that breaks its contract', broken);
      }
    }
    if (error instanceof CallError) {
      const { status, path, detail, retry, correlation } = error;
      return this.#fail(status, { path, message: detail, retry, correlation });
    }
    if (error instanceof SendError) return this.#fail(error.status, { message: error.message });
    this.#fault(error instanceof CodecError ? 'gave a value that breaks its contract' : 'threw', error);
  }

  /** The callee is at fault: the caller gets a number, the log says what it stands for. */
  #fault(what: string, error: unknown): void {
    if (this.#stopped !== undefined) return;
    // The hub makes it of the same two numbers, so that its log and this one name the call alike.
    const { state } = this.connection;
    const peer = state.status === 'connected' ? state.peer : 0;
    const correlation = (BigInt(peer) << 32n) | BigInt(this.id);
    this.faults.error(this.channel, this.caller?.label, `${what} [${correlation.toString(16)}]`, error);
    this.#fail('internal', { correlation });
  }

  /** Answers in the handler's place, and lets it know. No caller brings that about: what it sends, the hub has checked. */
  #fail(status: StatusName, failure: Partial<Failure> = {}): void {
    if (this.#stopped !== undefined) return;
    this.#answerFailure(status, failure);
    this.#stop(status);
  }

  #stop(status: StatusName): void {
    const reason = new CallError(status, { channel: this.channel, message: textOf(status) });
    this.#stopped ??= reason;
    void this.#pump?.stop();
    this.#items?.end({ error: reason });
    this.#abort?.abort(reason);
  }
}
