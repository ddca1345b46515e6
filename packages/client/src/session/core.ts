/**
 * The state of one connection at the peer's end, and all that it can send. Bytes and the time come in; bytes, events and
 * the next time-out go out. Sockets, promises and codecs of an application are not known here. The receiving half and
 * the time-outs are in `session.ts`.
 */
import type { Blobs } from '../codec/blob.js';
import { Writer } from '../codec/writer.js';
import type { StatusName } from '../generated/tables.js';
import { reasonCode, statusCode } from '../names.js';
import { CallTable } from './calls.js';
import { Flow } from './flow.js';
import * as frame from './frame.js';
import {
  BLOBS_WAITING_BYTES_MAX,
  GOODBYE_BYTES_MAX,
  type Limits,
  LIMITS_DEFAULT,
  OUTBOX_BYTES_MAX,
  PROTOCOL,
} from './limits.js';
import { budgetMs, Outbox } from './outbox.js';
import { Parcels } from './parcels.js';
import type { Ending, Goodbye } from './violation.js';
import { encodeHello, failureCodec, type Offer, type Welcome } from './wire.js';

/** Waits for `welcome`. */
export const GREETING = 0;
export const OPEN = 1;
/** Nothing is sent or taken in any more. */
export const CLOSED = 2;

/** Writes the body of a frame. */
export type Body = (out: Writer) => void;

/**
 * A call of this side's, told at once and in order what becomes of it. Bodies are views, good during the call only; blobs
 * are its to keep.
 */
export interface Caller {
  /** An item of a stream or topic. With a token the sender wants an `ack`. */
  item?(missed: number, token: number | undefined, body: Uint8Array, blobs: Blobs): void;
  /** More items may be sent. */
  credit?(): void;
  /** The hub has ended it, and its id is free again. */
  end(status: StatusName, body: Uint8Array, blobs: Blobs): void;
  /** The same, after this side had given it up. */
  late?(status: StatusName, body: Uint8Array, blobs: Blobs): void;
  /**
   * It ended here: it ran out of time and is being cancelled, never left because the hub has no room for it, or the
   * connection has ended. `sent` says whether its first frame was handed to the transport.
   */
  fail(status: StatusName, sent: boolean, message?: string): void;
}

/** A call of the hub's that this side serves. */
export interface Served {
  item(body: Uint8Array, blobs: Blobs): void;
  /** The caller has sent its last item. */
  finish(): void;
  /** More items may be sent. */
  credit(): void;
  /** The caller gives up, or it ran out of time: stop the work and end the call. */
  stop(status: StatusName): void;
  /** The connection has ended: nothing can be answered any more. */
  abandon(): void;
}

/** What a session tells of everything that is not yet, or not any more, a call. */
export interface SessionEvents {
  /** The connection stands. */
  welcome(welcome: Welcome): void;
  /** A call was opened. Say `accept` before you return, or end it. `budgetMs` 0: the channel's own deadline. */
  request(id: number, binding: number, ordinal: number, body: Uint8Array, budgetMs: number, blobs: Blobs): void;
  notify(binding: number, ordinal: number, body: Uint8Array, blobs: Blobs): void;
  /** Requests and notifications behind this come from that peer. Throws a `Violation` when the body is none. */
  caller(peer: number, body: Uint8Array): void;
  /** The instance behind a binding has left. */
  unbound(binding: number): void;
  /** The hub was silent for too long while it was awaited; `lateMs` after that was due. */
  silent(lateMs: number): void;
  /** The connection has ended, once. Every open call is told after this. */
  closed(ending: Ending): void;
}

/** Credit of the two flows that a call may have. */
export interface Flows {
  /** There while this side may send items. */
  send: Flow | undefined;
  /** There while the other side may. */
  recv: Flow | undefined;
}

export interface Outbound extends Flows {
  readonly owner: Caller;
  /** This side has given it up: what still comes is discarded. */
  cancelled: boolean;
  deadline: number | undefined;
  /** Whether an answer is due: a topic may be silent for ever, and so may a stream between its items. */
  awaited: boolean;
}

export interface Inbound extends Flows {
  /** Undefined until `accept`. */
  owner: Served | undefined;
  deadline: number | undefined;
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
    /** Making it again cannot help, however long one waits. */
    readonly isFinal = false,
  ) {
    super(message);
  }
}

const FULL = 'too much waits to be sent';

/** A writer that has grown beyond this is not kept, in bytes. */
const SCRATCH_BYTES_MAX = 256 * 1024;
let scratch: Writer | undefined;

export class SessionCore {
  /** What this side accepts. */
  readonly ours: Limits;
  /** What the hub accepts; the defaults until it has said so. */
  theirs: Limits = LIMITS_DEFAULT;
  protected readonly inbound: CallTable<Inbound>;
  protected readonly outbound: CallTable<Outbound>;
  protected readonly outbox = new Outbox();
  /** Blobs whose messages have not come. */
  protected readonly parcels: Parcels;
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
    protected readonly events: SessionEvents,
    now: number,
  ) {
    this.ours = { ...LIMITS_DEFAULT, ...config.limits };
    this.keepalive = config.keepalive ?? true;
    this.heard = now;
    this.parcels = new Parcels(this.ours.blobBytes);
    this.inbound = new CallTable(this.ours.calls);
    this.outbound = new CallTable(this.theirs.calls);
  }

  get isClosed(): boolean {
    return this.state === CLOSED;
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
  transmit(now: number): Uint8Array<ArrayBuffer> | undefined {
    return this.outbox.transmit(now);
  }

  /** Introduces this side. Everything may be sent behind it at once; data waits for the welcome here. */
  hello(client: string, interfaces: readonly Offer[]): void {
    const hello = { protocolMin: PROTOCOL, protocolMax: PROTOCOL, client, limits: this.ours, interfaces };
    this.#encode(
      (out) => encodeHello(out, hello),
      (bytes) => this.outbox.control(frame.HELLO, 0, 0, 0, 0, bytes),
    );
  }

  /**
   * Opens a call and returns its id. `kind` is that of a request, subscription or publication. The callee is told of
   * `slackMs` less than the caller waits. Throws `SendError`, and whatever `body` throws; nothing was sent then.
   */
  open(
    kind: number,
    binding: number,
    ordinal: number,
    up: boolean,
    down: boolean,
    deadline: number | undefined,
    now: number,
    owner: Caller,
    body: Body,
    slackMs = 0,
  ): number {
    this.#mustSend();
    const call: Outbound = {
      owner,
      cancelled: false,
      // How much may be sent before the hub has said so is not known.
      send: up ? (this.state === GREETING ? new Flow(0, 0) : flow(this.theirs)) : undefined,
      recv: down ? flow(this.ours) : undefined,
      deadline,
      awaited: false,
    };
    return this.#encode(body, (bytes, blobs) => {
      const id = this.outbound.open(call);
      if (id === 0) throw new SendError('resource_exhausted', 'too many calls are open');
      const due = deadline === undefined ? undefined : deadline - slackMs;
      this.outbox.data(kind, 0, binding, ordinal, id, due === undefined ? 0 : budgetMs(due, now), bytes, due, blobs);
      this.noteDeadline(deadline);
      if (this.awaited === 0 && now > this.heard) this.heard = now;
      this.#await(call, kind !== frame.SUBSCRIBE);
      return id;
    });
  }

  /** Sends a one-way message: a notification, or a publication without a report. Throws as `open` does. */
  oneWay(kind: number, binding: number, ordinal: number, body: Body): void {
    this.#mustSend();
    this.#encode(body, (bytes, blobs) => this.outbox.data(kind, 0, binding, ordinal, 0, 0, bytes, undefined, blobs));
  }

  /** Says who serves a call of the hub's, and which flows it has. */
  accept(id: number, owner: Served, up: boolean, down: boolean): void {
    const call = this.inbound.get(id);
    if (call === undefined) return;
    call.owner = owner;
    if (down) call.send = flow(this.theirs);
    if (up) call.recv = flow(this.ours);
  }

  /** Whether an item may be sent now; undefined when the call has ended or has no such flow. */
  maySend(callee: boolean, id: number): boolean | undefined {
    return this.#flows(callee, id)?.send?.open;
  }

  /** Sends an item; false when there is no credit or no such flow. Throws what `body` throws. */
  item(callee: boolean, id: number, missed: number, body: Body): boolean {
    const send = this.#flows(callee, id)?.send;
    if (send === undefined || !send.open) return false;
    this.#encode(body, (bytes, blobs, size) => {
      this.outbox.data(frame.ITEM, callee ? frame.FLAG_CALLEE : 0, 0, missed, id, 0, bytes, undefined, blobs);
      send.spend(size);
    });
    return true;
  }

  /** Tells the hub that an item of a subscription has arrived. */
  ack(id: number, token: number): void {
    this.outbox.control(frame.ACK, 0, 0, id, token);
  }

  /** Lets the other side send more on a stream. */
  credit(callee: boolean, id: number, items: number, bytes: number): void {
    const recv = this.#flows(callee, id)?.recv;
    if (recv === undefined) return;
    recv.add(items, bytes);
    this.outbox.control(frame.CREDIT, callee ? frame.FLAG_CALLEE : 0, items, id, bytes);
  }

  /** Says that no more items go to the callee. */
  finish(id: number): void {
    const flows = this.#flows(false, id);
    if (flows?.send === undefined) return;
    flows.send = undefined;
    this.outbox.data(frame.FINISH, 0, 0, 0, id, 0);
  }

  /**
   * Gives up a call of this side's, and says whether its first frame has left; undefined when the call has ended. Its owner
   * is told nothing any more, but for `late`.
   */
  cancel(id: number): boolean | undefined {
    const call = this.outbound.get(id);
    if (call === undefined || call.cancelled) return undefined;
    call.cancelled = true;
    this.#await(call, true);
    call.send = call.recv = call.deadline = undefined;
    // A call that never left will not be answered.
    const sent = !this.outbox.withdraw(id);
    if (sent) this.outbox.data(frame.CANCEL, 0, 0, 0, id, 0);
    else this.forget(id);
    return sent;
  }

  /**
   * Ends a call of the hub's with a body; false when it has ended before. Throws what `body` throws. While the hub takes
   * nothing, what it asked for is not kept for it: it gets a short answer then.
   */
  reply(id: number, status: StatusName, body: Body): boolean {
    if (this.inbound.get(id) === undefined) return false;
    if (this.#isFull) {
      this.refuse(id, 'resource_exhausted', FULL);
      return true;
    }
    this.#answer(id, status, body);
    this.inbound.remove(id);
    return true;
  }

  /** Ends a call of the hub's that nobody serves. */
  refuse(id: number, status: StatusName, message: string, channel = ''): void {
    this.#answer(id, status, (out) => failureCodec.encode(out, { channel, message }));
    this.inbound.remove(id);
  }

  /** From its first item on, a stream has no deadline of its own. */
  clearDeadline(callee: boolean, id: number): void {
    const inbound = callee ? this.inbound.get(id) : undefined;
    const outbound = callee ? undefined : this.outbound.get(id);
    if (inbound !== undefined) inbound.deadline = undefined;
    if (outbound === undefined) return;
    outbound.deadline = undefined;
    this.#await(outbound, false);
  }

  /** Sets when a call of the hub's runs out. */
  setInboundDeadline(id: number, deadline: number): void {
    const call = this.inbound.get(id);
    if (call === undefined) return;
    call.deadline = deadline;
    this.noteDeadline(deadline);
  }

  /** Ends the connection with a goodbye, which still leaves by `transmit`. */
  close(goodbye: Goodbye): void {
    if (this.isClosed) return;
    const unsent = this.outbox.clear(false);
    const text = new Uint8Array(frame.HEADER_BYTES + GOODBYE_BYTES_MAX);
    const { written } = new TextEncoder().encodeInto(goodbye.message, text.subarray(frame.HEADER_BYTES));
    const bytes = text.slice(0, frame.HEADER_BYTES + written);
    this.outbox.control(frame.GOODBYE, 0, reasonCode(goodbye.reason), 0, 0, bytes);
    this.#ended(goodbye, unsent);
  }

  /** Ends the connection without a word: the transport is gone, or the hub has said goodbye. */
  abort(ending: Ending): void {
    if (this.isClosed) return;
    this.#ended(ending, this.outbox.clear(true));
  }

  #answer(id: number, status: StatusName, body: Body): void {
    this.#encode(body, (bytes, blobs) => this.outbox.data(frame.END, 0, 0, statusCode(status), id, 0, bytes, undefined, blobs));
  }

  /** Frees the id of a call of this side's. */
  protected forget(id: number): Outbound | undefined {
    const call = this.outbound.remove(id);
    if (call !== undefined) this.#await(call, false);
    return call;
  }

  protected noteDeadline(deadline: number | undefined): void {
    if (deadline !== undefined) this.deadlineFloor = Math.min(deadline, this.deadlineFloor ?? Infinity);
  }

  #await(call: Outbound, awaited: boolean): void {
    this.awaited += Number(awaited) - Number(call.awaited);
    call.awaited = awaited;
  }

  #ended(ending: Ending, unsent: ReadonlySet<number>): void {
    this.state = CLOSED;
    this.deadlineFloor = undefined;
    this.parcels.clear();
    this.awaited = 0;
    const inbound = this.inbound.drain();
    const outbound: (readonly [Outbound, boolean])[] = [];
    this.outbound.forEach((call, id) => outbound.push([call, !unsent.has(id)]));
    this.outbound.drain();
    this.events.closed(ending);
    for (const { owner } of inbound) owner?.abandon();
    for (const [{ owner, cancelled }, sent] of outbound) {
      if (!cancelled) owner.fail('unavailable', sent, `the connection ended: ${ending.message}`);
    }
  }

  #flows(callee: boolean, id: number): Flows | undefined {
    return callee ? this.inbound.get(id) : this.outbound.get(id);
  }

  #mustSend(): void {
    if (this.isClosed) throw new SendError('unavailable', 'the connection has ended');
    if (this.#isFull) throw new SendError('resource_exhausted', FULL);
  }

  get #isFull(): boolean {
    return this.outbox.dataBytes > OUTBOX_BYTES_MAX;
  }

  /** Writes a body between room for the header of its frame and for the numbers of its blobs. `size` is that of body and blobs. */
  #encode<R>(body: Body, use: (bytes: Uint8Array<ArrayBuffer>, blobs: Blobs, size: number) => R): R {
    // Encoding can run code of the application's that comes back here: that one gets a writer of its own.
    const out = scratch ?? new Writer();
    scratch = undefined;
    try {
      const blobs: Uint8Array<ArrayBuffer>[] = [];
      out.reset(frame.HEADER_BYTES, blobs);
      body(out);
      const bodyBytes = out.length - frame.HEADER_BYTES;
      const size = blobs.reduce((sum, blob) => sum + blob.length, bodyBytes);
      const numbers = blobs.length * frame.NUMBER_BYTES;
      if (numbers > 0) out.raw(new Uint8Array(numbers), numbers);
      const why = tooLarge(out.length, size - bodyBytes, this.theirs);
      if (why !== undefined) throw new SendError('resource_exhausted', why, true);
      if (numbers > 0 && this.outbox.blobBytes > BLOBS_WAITING_BYTES_MAX) throw new SendError('resource_exhausted', FULL);
      return use(out.copy(), blobs, size);
    } finally {
      if (out.capacity <= SCRATCH_BYTES_MAX) scratch = out;
    }
  }
}

/** What is said of a frame and blobs of that many bytes; undefined when the hub takes them. */
export function tooLarge(bytes: number, blobs: number, { frameBytes, blobBytes }: Limits): string | undefined {
  if (bytes > frameBytes) return larger('a body', bytes - frame.HEADER_BYTES, frameBytes - frame.HEADER_BYTES);
  return blobs > blobBytes ? larger('a message with blobs', blobs, blobBytes) : undefined;
}

function larger(what: string, bytes: number, room: number): string {
  return `${what} of ${bytes} bytes is larger than the ${room} that the hub takes`;
}

function flow({ streamItems, streamBytes }: Limits): Flow {
  return new Flow(streamItems, streamBytes);
}
