/**
 * The state of one connection at the peer's end, and all that it can send. Bytes and the time come in; bytes, events and
 * the next time-out go out. Sockets, promises and codecs of an application are not known here. The receiving half and
 * the time-outs are in `session.ts`.
 */
import { Writer } from '../codec/writer.js';
import type { StatusName } from '../generated/tables.js';
import { reasonCode, statusCode } from '../names.js';
import { CallTable } from './calls.js';
import { Flow } from './flow.js';
import * as frame from './frame.js';
import { GOODBYE_BYTES_MAX, type Limits, LIMITS_DEFAULT, OUTBOX_BYTES_MAX, PROTOCOL } from './limits.js';
import { budgetMs, Outbox } from './outbox.js';
import type { Ending, Goodbye } from './violation.js';
import { encodeHello, type Offer, type Welcome } from './wire.js';

/** Waits for `welcome`. */
export const GREETING = 0;
export const OPEN = 1;
/** Nothing is sent or taken in any more. */
export const CLOSED = 2;

/** Writes the body of a frame. */
export type Body = (out: Writer) => void;

/** A call that this side has opened. */
export interface Outbound<O> {
  /** Undefined once this side has cancelled: what still comes is discarded. */
  data: O | undefined;
  /** Open while this side may send items. */
  send: Flow | undefined;
  /** Open while the other side may. */
  recv: Flow | undefined;
  deadline: number | undefined;
  /** Whether a time is promised for the answer: a topic may be silent for ever. */
  readonly awaited: boolean;
}

/** A call that the other side has opened: this side is the callee. */
export interface Inbound<I> {
  /** Undefined until `accept`. */
  data: I | undefined;
  send: Flow | undefined;
  recv: Flow | undefined;
  deadline: number | undefined;
}

/** What a session tells its owner, at once and in order. Bodies are views that are good during the call only. */
export interface SessionEvents<I, O> {
  /** The connection stands. */
  welcome(welcome: Welcome): void;
  /** A call was opened. Say `accept` before you return, or end it. `budgetMs` 0: the channel's own deadline. */
  request(id: number, binding: number, ordinal: number, budgetMs: number, body: Uint8Array): void;
  notify(binding: number, ordinal: number, body: Uint8Array): void;
  /** An item of a stream or topic of this side's. With a token the sender wants an `ack`. */
  itemDown(id: number, data: O, missed: number, token: number | undefined, body: Uint8Array): void;
  /** An item of a call that this side serves. */
  itemUp(id: number, data: I, body: Uint8Array): void;
  /** More may be sent on a call of this side's. */
  creditUp(id: number, data: O): void;
  /** More may be sent on a call that this side serves. */
  creditDown(id: number, data: I): void;
  /** The caller has sent its last item. */
  finish(id: number, data: I): void;
  /** The caller gives up: stop the work and end the call. */
  cancel(id: number, data: I): void;
  /** A call of this side's has its outcome, and its id is free again. */
  end(id: number, data: O, status: StatusName, body: Uint8Array): void;
  /** A call of this side's has run out of time, and is being cancelled. */
  expiredOutbound(id: number, data: O): void;
  /** A call of the other side's has run out of time: stop the work, then end it. */
  expiredInbound(id: number, data: I): void;
  /** The instance behind a binding has left. */
  unbound(binding: number): void;
  /** The other side was silent for too long while it was awaited; `lateMs` after that was due. */
  silent(lateMs: number): void;
  /** The connection has ended, once. Callers are to be told, work is to be stopped. */
  closed(ending: Ending, inbound: I[], outbound: O[]): void;
}

/** How a session is set up. */
export interface SessionConfig {
  readonly limits?: Partial<Limits> | undefined;
  /** Whether to ping a silent hub while it is awaited. On unless it is false. */
  readonly keepalive?: boolean | undefined;
}

/** Something that cannot be sent. */
export class SendError extends Error {
  constructor(
    readonly status: StatusName,
    message: string,
  ) {
    super(message);
  }
}

/** A writer that has grown beyond this is not kept, in bytes. */
const SCRATCH_BYTES_MAX = 256 * 1024;
let scratch: Writer | undefined;

export class SessionCore<I extends object, O extends object> {
  protected readonly ours: Limits;
  protected theirs: Limits = LIMITS_DEFAULT;
  protected readonly inbound: CallTable<Inbound<I>>;
  protected readonly outbound: CallTable<Outbound<O>>;
  protected readonly outbox = new Outbox();
  protected state: typeof GREETING | typeof OPEN | typeof CLOSED = GREETING;
  /** No deadline is earlier than this. */
  protected deadlineFloor: number | undefined;
  /** When something was last heard, or waiting began. */
  protected heard: number;
  /** Calls of this side's whose end is due. */
  protected awaited = 0;
  protected readonly keepalive: boolean;

  constructor(
    config: SessionConfig,
    protected readonly events: SessionEvents<I, O>,
    now: number,
  ) {
    this.ours = { ...LIMITS_DEFAULT, ...config.limits };
    this.keepalive = config.keepalive ?? true;
    this.heard = now;
    this.inbound = new CallTable(this.ours.calls);
    this.outbound = new CallTable(this.theirs.calls);
  }

  get isOpen(): boolean {
    return this.state === OPEN;
  }

  get isClosed(): boolean {
    return this.state === CLOSED;
  }

  /** What the hub accepts; the defaults until it has said so. */
  get theirLimits(): Limits {
    return this.theirs;
  }

  get ourLimits(): Limits {
    return this.ours;
  }

  /** Calls open: by the hub, and by this side, those that are being cancelled included. */
  get callsOpen(): readonly [number, number] {
    return [this.inbound.size, this.outbound.size];
  }

  /** Whether something can be transmitted now. */
  get hasOutput(): boolean {
    return this.outbox.hasOutput;
  }

  /** The next message of whole frames; undefined when there is none. */
  transmit(): Uint8Array<ArrayBuffer> | undefined {
    return this.outbox.transmit();
  }

  /** Introduces this side. Everything may be sent behind it at once; data waits for the welcome here. */
  hello(client: string, offers: readonly Offer[]): void {
    const { ours } = this;
    this.#encode(
      (out) => encodeHello(out, { protocolMin: PROTOCOL, protocolMax: PROTOCOL, client, limits: ours, interfaces: offers }),
      (body) => this.outbox.control(frame.HELLO, 0, 0, 0, 0, body),
    );
  }

  /**
   * Opens a call and attaches `data` to it; returns its id. `kind` is that of a request, subscription or publication.
   * The callee is told of `slackMs` less than the caller waits. Throws `SendError`, and whatever `body` throws; nothing
   * was sent then.
   */
  open(
    kind: number,
    binding: number,
    ordinal: number,
    up: boolean,
    down: boolean,
    deadline: number | undefined,
    now: number,
    data: O,
    body: Body,
    slackMs = 0,
  ): number {
    this.#mustSend();
    const { ours, theirs } = this;
    const call: Outbound<O> = {
      data,
      send: up ? new Flow(theirs.streamItems, theirs.streamBytes) : undefined,
      recv: down ? new Flow(ours.streamItems, ours.streamBytes) : undefined,
      deadline,
      awaited: kind !== frame.SUBSCRIBE,
    };
    return this.#encode(body, (bytes) => {
      const id = this.outbound.open(call);
      if (id === 0) throw new SendError('resource_exhausted', 'too many calls are open');
      const due = deadline === undefined ? undefined : deadline - slackMs;
      this.outbox.data(kind, 0, binding, ordinal, id, due === undefined ? 0 : budgetMs(due, now), bytes, due);
      this.noteDeadline(deadline);
      if (call.awaited && this.awaited++ === 0 && now > this.heard) this.heard = now;
      return id;
    });
  }

  /** Sends a one-way message: a notification, or a publication without a report. Throws as `open` does. */
  oneWay(kind: number, binding: number, ordinal: number, body: Body): void {
    this.#mustSend();
    this.#encode(body, (bytes) => this.outbox.data(kind, 0, binding, ordinal, 0, 0, bytes));
  }

  /** Attaches `data` to a call of the hub's and says which flows it has. */
  accept(id: number, data: I, up: boolean, down: boolean): void {
    const call = this.inbound.get(id);
    if (call === undefined) return;
    call.data = data;
    if (down) call.send = new Flow(this.theirs.streamItems, this.theirs.streamBytes);
    if (up) call.recv = new Flow(this.ours.streamItems, this.ours.streamBytes);
  }

  /** Whether an item may be sent now; undefined when the call has ended or has no such flow. */
  maySend(callee: boolean, id: number): boolean | undefined {
    return this.#call(callee, id)?.send?.open;
  }

  /** Sends an item; false when there is no credit or no such flow. Throws what `body` throws. */
  item(callee: boolean, id: number, missed: number, body: Body): boolean {
    const flow = this.#call(callee, id)?.send;
    if (this.state === CLOSED || flow === undefined || !flow.open) return false;
    this.#encode(body, (bytes) => {
      this.outbox.data(frame.ITEM, callee ? frame.FLAG_CALLEE : 0, 0, missed, id, 0, bytes);
      flow.spend(bytes.length);
    });
    return true;
  }

  /** Tells the hub that an item of a subscription has arrived. */
  ack(id: number, token: number): void {
    this.outbox.control(frame.ACK, 0, 0, id, token);
  }

  /** Lets the other side send more on a stream. */
  credit(callee: boolean, id: number, items: number, bytes: number): void {
    const flow = this.#call(callee, id)?.recv;
    if (flow === undefined) return;
    flow.add(items, bytes);
    this.outbox.control(frame.CREDIT, callee ? frame.FLAG_CALLEE : 0, items, id, bytes);
  }

  /** Says that no more items go to the callee. */
  finish(id: number): void {
    const call = this.#call(false, id);
    if (call?.send === undefined) return;
    call.send = undefined;
    this.outbox.data(frame.FINISH, 0, 0, 0, id, 0, EMPTY);
  }

  /** Gives up a call of this side's; what was attached to it comes back, once. No event about it comes after. */
  cancel(id: number): O | undefined {
    const call = this.outbound.get(id);
    const data = call?.data;
    if (call === undefined || data === undefined) return undefined;
    call.data = call.send = call.recv = call.deadline = undefined;
    // A call that never left will not be answered.
    if (this.outbox.withdraw(id)) this.forget(id);
    else this.outbox.data(frame.CANCEL, 0, 0, 0, id, 0, EMPTY);
    return data;
  }

  /** Ends a call of the hub's with a body; false when it has ended before. Throws what `body` throws. */
  reply(id: number, status: StatusName, body: Body): boolean {
    if (this.inbound.get(id) === undefined) return false;
    this.#encode(body, (bytes) => this.#end(id, status, bytes));
    this.inbound.remove(id);
    return true;
  }

  /** From its first item on, a stream has no deadline of its own. */
  clearDeadline(callee: boolean, id: number): void {
    const call = this.#call(callee, id);
    if (call !== undefined) call.deadline = undefined;
  }

  /** Sets when a call of the hub's runs out. */
  setInboundDeadline(id: number, deadline: number): void {
    const call = this.inbound.get(id);
    if (call === undefined) return;
    call.deadline = deadline;
    this.noteDeadline(deadline);
  }

  /** When a call of the hub's runs out. */
  inboundDeadline(id: number): number | undefined {
    return this.inbound.get(id)?.deadline;
  }

  /** Ends the connection with a goodbye, which still leaves by `transmit`. */
  close(goodbye: Goodbye): void {
    if (this.state === CLOSED) return;
    this.outbox.clear(false);
    const text = new Uint8Array(GOODBYE_BYTES_MAX);
    const { written } = new TextEncoder().encodeInto(goodbye.message, text);
    this.outbox.control(frame.GOODBYE, 0, reasonCode(goodbye.reason), 0, 0, text.subarray(0, written));
    this.#ended(goodbye);
  }

  /** Ends the connection without a word: the transport is gone, or the hub has said goodbye. */
  abort(ending: Ending): void {
    if (this.state === CLOSED) return;
    this.outbox.clear(true);
    this.#ended(ending);
  }

  /** Answers a call with bytes that are written already. */
  protected refuse(id: number, status: StatusName, body: Body): void {
    this.#encode(body, (bytes) => this.#end(id, status, bytes));
  }

  /** Frees the id of a call of this side's. */
  protected forget(id: number): Outbound<O> | undefined {
    const call = this.outbound.remove(id);
    if (call?.awaited === true) this.awaited--;
    return call;
  }

  protected noteDeadline(deadline: number | undefined): void {
    if (deadline !== undefined && !(this.deadlineFloor !== undefined && this.deadlineFloor <= deadline)) {
      this.deadlineFloor = deadline;
    }
  }

  #ended(ending: Ending): void {
    this.state = CLOSED;
    this.deadlineFloor = undefined;
    this.awaited = 0;
    const inbound = this.inbound.drain().map((call) => call.data);
    const outbound = this.outbound.drain().map((call) => call.data);
    this.events.closed(ending, inbound.filter(isPresent), outbound.filter(isPresent));
  }

  #end(id: number, status: StatusName, bytes: Uint8Array): void {
    this.outbox.data(frame.END, 0, 0, statusCode(status), id, 0, bytes);
  }

  #call(callee: boolean, id: number): Inbound<I> | Outbound<O> | undefined {
    const call = callee ? this.inbound.get(id) : this.outbound.get(id);
    return call?.data === undefined ? undefined : call;
  }

  #mustSend(): void {
    if (this.state === CLOSED) throw new SendError('unavailable', 'the connection has ended');
    if (this.outbox.dataBytes > OUTBOX_BYTES_MAX) {
      throw new SendError('resource_exhausted', 'too much waits to be sent');
    }
  }

  /** Writes a body and hands it on; the bytes are good during `use` only. */
  #encode<R>(body: Body, use: (bytes: Uint8Array) => R): R {
    // Encoding can run code of the application's that comes back here: that one gets a writer of its own.
    const out = scratch ?? new Writer();
    scratch = undefined;
    try {
      out.reset();
      body(out);
      const bytes = out.view();
      const limit = this.theirs.frameBytes - frame.HEADER_BYTES;
      if (bytes.length > limit) {
        throw new SendError('resource_exhausted', `a body of ${bytes.length} bytes exceeds the limit of ${limit}`);
      }
      return use(bytes);
    } finally {
      if (out.capacity <= SCRATCH_BYTES_MAX) scratch = out;
    }
  }
}

const EMPTY = new Uint8Array(0);

function isPresent<T>(value: T | undefined): value is T {
  return value !== undefined;
}
