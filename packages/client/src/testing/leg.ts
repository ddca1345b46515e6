/** The hub's end of one connection: frames in and out, windows, the ids of both directions. Routing is not known here. */
import { type Blobs, NO_BLOBS, sizeOf } from '../codec/blob.js';
import { Reader } from '../codec/reader.js';
import { Writer } from '../codec/writer.js';
import type { Failure } from '../errors.js';
import type { ReasonName, StatusName } from '../generated/tables.js';
import { reasonCode, statusCode } from '../names.js';
import { CallTable } from '../session/calls.js';
import * as frame from '../session/frame.js';
import {
  BLOBS_WAITING_BYTES_MAX,
  CLIENT_BYTES_MAX,
  type Limits,
  LIMITS_DEFAULT,
  OUTBOX_BYTES_MAX,
  PROTOCOL,
} from '../session/limits.js';
import { Outbox } from '../session/outbox.js';
import { Parcels } from '../session/parcels.js';
import { Violation } from '../session/violation.js';
import { decodeLimits, encodeLimits, failureCodec } from '../session/wire.js';
import type { Transport } from '../transport/transport.js';
import type { Instance } from './instance.js';

/** A call that a peer has opened: relayed to another peer, a subscription, or a publication. */
export interface Opened {
  /** The frames of the caller's that follow. */
  item?(body: Uint8Array, missed: number, blobs: Blobs): void;
  credit?(items: number, bytes: number): void;
  finish?(): void;
  /** The caller gives it up: it still gets an `end`, unless `gone`. */
  cancel(gone: boolean): void;
}

/** A call that the hub has opened at a peer which serves. */
export interface Served {
  /** The frames of the callee's. */
  itemDown(body: Uint8Array, missed: number, blobs: Blobs): void;
  creditUp(items: number, bytes: number): void;
  end(code: number, body: Uint8Array, blobs: Blobs): void;
  /** The peer has left, or this instance of those that it serves. */
  left(instance?: Instance): void;
}

/** What a leg tells of. */
export interface LegEvents {
  /** A request, notification, subscription or publication. Head and body are good during the call only. */
  opened(leg: Leg, head: frame.Head, body: Uint8Array, blobs: Blobs): void;
  acked(leg: Leg, id: number, token: number): void;
  /** Once, at the end. */
  left(leg: Leg): void;
}

const encoder = new TextEncoder();

/** A copy of a body, between room for a header and for the numbers of its blobs. */
function framed(body: Uint8Array = new Uint8Array(0), blobs = NO_BLOBS): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(frame.HEADER_BYTES + body.length + blobs.length * frame.NUMBER_BYTES);
  bytes.set(body, frame.HEADER_BYTES);
  return bytes;
}

/** The body of an `end` that is a failure of the hub's own. */
export function failureBody(failure: Failure): Uint8Array {
  const out = new Writer();
  failureCodec.encode(out, failure);
  return out.view();
}

/** One peer of the hub. */
export class Leg {
  /** Calls that the peer has opened. */
  readonly inbound = new CallTable<Opened>(LIMITS_DEFAULT.calls);
  /** Calls that the hub has opened at it. */
  readonly outbound = new CallTable<Served>(LIMITS_DEFAULT.calls);
  /** The peer's bindings and exports: the instance behind each number. */
  readonly numbers = new Map<number, Instance>();
  /** Whether it has not left. */
  isOpen = true;
  readonly #outbox = new Outbox();
  readonly #parcels = new Parcels(LIMITS_DEFAULT.blobBytes);
  readonly #head = frame.emptyHead();
  #greeted = false;
  #unacknowledged = 0;
  #flushing = false;

  constructor(
    private readonly transport: Transport,
    private readonly events: LegEvents,
    readonly peer: number,
    readonly label: string,
    readonly role: string,
  ) {
    transport.onMessage = (bytes) => this.#receive(bytes);
    transport.onClose = () => this.#leave();
  }

  /** What the peer accepts. */
  get limits(): Limits {
    return this.#outbox.limits;
  }

  /** Whether the peer takes a message with these blobs. */
  takes(blobs: Blobs): boolean {
    return sizeOf(new Uint8Array(0), blobs) <= this.limits.blobBytes;
  }

  /** A data frame to the peer. The body is copied, blobs are not. */
  data(
    kind: number,
    flags: number,
    binding: number,
    ordinal: number,
    id: number,
    budget: number,
    body?: Uint8Array,
    blobs = NO_BLOBS,
  ): void {
    if (!this.isOpen) return;
    this.#outbox.data(kind, flags, binding, ordinal, id, budget, framed(body, blobs), undefined, blobs);
    if (this.#outbox.dataBytes > OUTBOX_BYTES_MAX || this.#outbox.blobBytes > 2 * BLOBS_WAITING_BYTES_MAX) this.close('slow_consumer', 'too much waits for this peer');
    else this.#touched();
  }

  /** A control frame to the peer. */
  control(kind: number, flags: number, ordinal: number, id: number, budget: number, body?: Uint8Array): void {
    if (!this.isOpen) return;
    this.#outbox.control(kind, flags, ordinal, id, budget, framed(body));
    this.#touched();
  }

  /** Ends a call that the peer has opened. */
  end(id: number, code: number, body?: Uint8Array, blobs = NO_BLOBS): void {
    if (this.inbound.remove(id) !== undefined) this.data(frame.END, 0, 0, code, id, 0, body, blobs);
  }

  /** Ends it with a failure of the hub's own. */
  refuse(id: number, status: StatusName, failure: Failure): void {
    this.end(id, statusCode(status), failureBody(failure));
  }

  /** Ends the connection: with a goodbye, or as if the transport were lost. */
  close(reason?: ReasonName, message = ''): void {
    if (!this.isOpen) return;
    if (reason !== undefined) {
      this.#outbox.clear(false);
      this.control(frame.GOODBYE, 0, reasonCode(reason), 0, 0, encoder.encode(message));
      this.#flush();
    }
    this.transport.close();
    this.#leave();
  }

  #receive(bytes: Uint8Array): number {
    const head = this.#head;
    try {
      // Every turn uses up at least a header.
      for (let offset = 0; offset < bytes.length && this.isOpen; offset += head.length) {
        if (!frame.parseHead(bytes, offset, LIMITS_DEFAULT.frameBytes, head)) throw new Violation('partial_message');
        if (head.kind !== 0) this.#take(head, bytes.subarray(offset + frame.HEADER_BYTES, offset + head.length));
      }
    } catch (error) {
      if (error instanceof Violation) this.close(error.reason, error.message);
      else this.close('malformed_payload', String(error));
    }
    return bytes.length;
  }

  #take(head: frame.Head, all: Uint8Array): void {
    const { kind, flags, ordinal, id, budget, numbers } = head;
    if (this.#greeted === (kind === frame.HELLO)) throw new Violation('unexpected_frame', `kind ${kind}`);
    if (frame.isData(kind)) this.#count(head.length);
    const body = all.subarray(0, all.length - numbers);
    const blobs = this.#parcels.take(all.subarray(body.length));
    const called = (flags & frame.FLAG_CALLEE) !== 0;
    switch (kind) {
      case frame.HELLO:
        return this.#greet(body);
      case frame.GOODBYE:
        return this.#leave();
      case frame.PING:
        return this.control(frame.PONG, 0, 0, id, 0);
      case frame.WINDOW:
        // No frame of the hub's has a deadline of its own to be written anew.
        this.#outbox.addWindow(budget, 0);
        return this.#touched();
      case frame.ITEM:
        return called
          ? this.outbound.get(id)?.itemDown(body, ordinal, blobs)
          : this.inbound.get(id)?.item?.(body, ordinal, blobs);
      case frame.CREDIT:
        return called ? this.outbound.get(id)?.creditUp(ordinal, budget) : this.inbound.get(id)?.credit?.(ordinal, budget);
      case frame.FINISH:
        return this.inbound.get(id)?.finish?.();
      case frame.CANCEL:
        return this.inbound.get(id)?.cancel(false);
      case frame.END:
        return this.outbound.remove(id)?.end(ordinal, body, blobs);
      case frame.ACK:
        return this.events.acked(this, id, budget);
      case frame.PONG:
        return undefined;
      case frame.PARCEL:
        return this.#parcels.add(head, body);
      case frame.LEND:
      case frame.POOL:
        throw new Violation('bad_pool');
      default:
        return this.events.opened(this, head, body, blobs);
    }
  }

  #greet(body: Uint8Array): void {
    const input = new Reader(body);
    const min = input.u16();
    const max = input.u16();
    if (min > PROTOCOL || max < PROTOCOL) throw new Violation('version_mismatch', `protocols ${min} to ${max}`);
    input.string(0, CLIENT_BYTES_MAX);
    const limits = decodeLimits(input);
    this.#outbox.limits = limits;
    this.outbound.slotsMax = limits.calls;
    this.#greeted = true;
    const out = new Writer();
    out.u16(PROTOCOL);
    encodeLimits(out, LIMITS_DEFAULT);
    out.u32(this.peer);
    out.string(this.label);
    out.string(this.role);
    this.control(frame.WELCOME, 0, 0, 0, 0, out.view());
    this.#outbox.addWindow(limits.windowBytes, 0);
  }

  #count(length: number): void {
    this.#unacknowledged += length;
    if (this.#unacknowledged * 2 < LIMITS_DEFAULT.windowBytes) return;
    this.control(frame.WINDOW, 0, 0, 0, this.#unacknowledged);
    this.#unacknowledged = 0;
  }

  #touched(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    while (this.#outbox.hasOutput) {
      const message = this.#outbox.transmit(0);
      if (message !== undefined) this.transport.send(message);
    }
  }

  #leave(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const opened of this.inbound.drain()) opened.cancel(true);
    for (const served of this.outbound.drain()) served.left();
    this.events.left(this);
  }
}
