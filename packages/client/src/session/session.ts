/**
 * The receiving half of a peer's session, and its time-outs: one frame in, at most one event out. Everything that a frame
 * can break is checked here; no other exception than a `Violation` arises in it, and that one ends the connection.
 */
import { type Blobs, NO_BLOBS, sizeOf } from '../codec/blob.js';
import { Reader } from '../codec/reader.js';
import { reasonOf, statusOf } from '../names.js';
import { NEVER, PAST } from './calls.js';
import { CLOSED, type Flows, GREETING, type Inbound, OPEN, type Outbound, SessionCore, tooLarge } from './core.js';
import * as frame from './frame.js';
import {
  CONTROL_BYTES_MAX,
  FRAME_BYTES_FLOOR,
  GOODBYE_BYTES_MAX,
  GRACE_MS,
  PROTOCOL,
  QUIET_MS,
  WINDOW_BYTES_FLOOR,
} from './limits.js';
import { Violation } from './violation.js';
import { decodeWelcome, type Welcome } from './wire.js';

/** The peer's end of one connection. */
export class Session extends SessionCore {
  readonly #head = frame.emptyHead();
  /** Data parsed and not yet acknowledged, in bytes. */
  #unacknowledged = 0;
  #pingSent: number | undefined;

  /**
   * Takes in as many whole frames as stand in `bytes`, and returns how many bytes those were. `whole` says that the
   * transport keeps messages: then none may end inside a frame. The bytes are not kept.
   */
  receive(bytes: Uint8Array, now: number, whole: boolean): number {
    const head = this.#head;
    let offset = 0;
    // Whatever is heard answers a ping, too, and be it half a frame.
    this.heard = now;
    this.#pingSent = undefined;
    try {
      // Every turn uses up at least a header.
      while (offset < bytes.length && this.state !== CLOSED) {
        if (!frame.parseHead(bytes, offset, this.ours.frameBytes, head)) {
          if (whole) throw new Violation('partial_message');
          break;
        }
        const start = offset + frame.HEADER_BYTES;
        offset += head.length;
        if (head.kind !== 0) this.#take(head, bytes.subarray(start, offset), now);
        else if (this.state === GREETING) throw new Violation('unexpected_frame', 'before the handshake');
      }
      if (this.outbox.controlBytes > CONTROL_BYTES_MAX) throw new Violation('slow_consumer');
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.close(error);
    }
    return offset;
  }

  /** When to call `handleTimeout`; undefined while nothing can run out. May be too early, never too late. */
  nextTimeout(): number | undefined {
    if (!this.#awaits()) return this.deadlineFloor;
    const keepalive = this.#pingSent === undefined ? this.heard + QUIET_MS : this.#pingSent + GRACE_MS;
    return Math.min(keepalive, this.deadlineFloor ?? keepalive);
  }

  /** Deals with what has run out by `now`. */
  handleTimeout(now: number): void {
    if (this.deadlineFloor !== undefined && this.deadlineFloor <= now) this.#expireCalls(now);
    if (!this.#awaits()) return;
    if (this.#pingSent === undefined) {
      if (this.heard + QUIET_MS > now) return;
      this.#pingSent = now;
      this.outbox.control(frame.PING, 0, 0, 1, 0);
    } else if (this.#pingSent + GRACE_MS <= now) {
      const late = now - this.#pingSent - GRACE_MS;
      // Asked again after another grace period, should the owner let the silent side live.
      this.#pingSent = now;
      this.events.silent(late);
    }
  }

  #expireCalls(now: number): void {
    const late: (() => void)[] = [];
    this.deadlineFloor = undefined;
    const visit = (expire: (id: number) => void) => (call: { deadline: number | undefined }, id: number) => {
      if (call.deadline === undefined || call.deadline > now) return this.noteDeadline(call.deadline);
      call.deadline = undefined;
      late.push(() => expire(id));
    };
    // What one of them does may end another, or the connection.
    this.outbound.forEach(
      visit((id) => {
        const call = this.outbound.get(id);
        const sent = this.cancel(id);
        if (sent !== undefined) call?.owner.fail('deadline_exceeded', sent);
      }),
    );
    this.inbound.forEach(visit((id) => this.inbound.get(id)?.owner?.stop('deadline_exceeded')));
    for (const expire of late) expire();
  }

  #awaits(): boolean {
    return this.keepalive && this.state === OPEN && (this.awaited > 0 || this.outbox.isHeld);
  }

  #take(head: frame.Head, all: Uint8Array, now: number): void {
    const { kind, binding, ordinal, id, budget, numbers } = head;
    if (frame.isData(kind)) this.#countData(head.length);
    if (frame.isFromPeer(kind) || (kind !== frame.GOODBYE && (this.state === GREETING) !== (kind === frame.WELCOME))) {
      throw new Violation('unexpected_frame', `kind ${kind}`);
    }
    const body = numbers > 0 ? all.subarray(0, -numbers) : all;
    // Taken whatever becomes of their message, so that their numbers are free again.
    const blobs = numbers > 0 ? this.parcels.take(all.subarray(-numbers)) : NO_BLOBS;
    switch (kind) {
      case frame.WELCOME:
        return this.#takeWelcome(body, now);
      case frame.GOODBYE: {
        const message = new TextDecoder().decode(body.subarray(0, GOODBYE_BYTES_MAX));
        return this.abort({ reason: reasonOf(ordinal) ?? 'closed', message });
      }
      case frame.REQUEST:
        return this.#takeRequest(head, body, now, blobs);
      case frame.NOTIFY:
        return this.events.notify(binding, ordinal, body, blobs);
      case frame.ITEM:
        return this.#takeItem(head, body, blobs);
      case frame.END:
        return this.#takeEnd(id, ordinal, body, blobs);
      case frame.CALLER:
        return this.events.caller(binding, body);
      case frame.PARCEL:
        return this.parcels.add(head, body);
      case frame.LEND:
      case frame.POOL:
        // This side maps no pools.
        throw new Violation('bad_pool');
    }
    if (body.length > 0) throw new Violation('malformed_frame', `kind ${kind} has no body`);
    switch (kind) {
      case frame.PING:
        return this.outbox.control(frame.PONG, 0, 0, id, 0);
      case frame.WINDOW:
        return this.outbox.addWindow(budget, now);
      case frame.CREDIT:
        return this.#takeCredit(head);
      case frame.FINISH:
        return this.#takeFinish(id);
      case frame.CANCEL:
        return this.#served(id)?.owner?.stop('cancelled');
      case frame.UNBOUND:
        return this.events.unbound(binding);
    }
  }

  /** Charges a data frame to our window, and acknowledges in time. */
  #countData(length: number): void {
    const { windowBytes, frameBytes } = this.ours;
    this.#unacknowledged += length;
    // What was acknowledged while this message was taken in cannot have reached its sender.
    if (this.#unacknowledged + this.outbox.acknowledging > windowBytes + frameBytes) {
      throw new Violation('window_exceeded');
    }
    if (this.#unacknowledged >= Math.floor(windowBytes / 2)) {
      this.outbox.acknowledging += this.#unacknowledged;
      this.outbox.control(frame.WINDOW, 0, 0, 0, this.#unacknowledged);
      this.#unacknowledged = 0;
    }
  }

  #takeWelcome(body: Uint8Array, now: number): void {
    let welcome: Welcome;
    try {
      const input = new Reader(body);
      welcome = decodeWelcome(input);
      input.finish();
    } catch (error) {
      throw new Violation('malformed_payload', `welcome: ${String(error)}`);
    }
    const { protocol, limits } = welcome;
    const { frameBytes, windowBytes, calls, streamItems, streamBytes } = limits;
    const works =
      protocol === PROTOCOL &&
      frameBytes >= FRAME_BYTES_FLOOR &&
      windowBytes >= WINDOW_BYTES_FLOOR &&
      Math.min(calls, streamItems, streamBytes) > 0;
    if (!works) throw new Violation('malformed_payload', 'welcome: its limits or protocol cannot be');
    this.theirs = this.outbox.limits = limits;
    this.outbound.slotsMax = calls;
    // Written before the hub's limits were known: what it has no room for never leaves, nor what belongs to it.
    const larger = [...this.outbox.takeLarger((bytes, blobBytes) => tooLarge(bytes, blobBytes, limits))];
    const refused = larger.map(([id, why]) => ({ call: this.forget(id), why }));
    // Opened before the handshake was done, without credit.
    this.outbound.forEach(({ send }) => send?.add(streamItems, streamBytes));
    this.outbox.addWindow(windowBytes, now);
    this.state = OPEN;
    this.events.welcome(welcome);
    for (const { call, why } of refused) call?.owner.fail('resource_exhausted', false, why);
    this.outbound.forEach(({ owner, send }) => send && owner.credit?.());
  }

  #takeRequest({ id, binding, ordinal, budget }: frame.Head, body: Uint8Array, now: number, blobs: Blobs): void {
    const call: Inbound = { owner: undefined, send: undefined, recv: undefined, deadline: undefined };
    const refused = this.inbound.admit(id, call);
    if (refused === NEVER) throw new Violation('duplicate_id');
    if (refused === PAST) return this.refuse(id, 'resource_exhausted', 'too many calls are open');
    if (budget !== 0) this.setInboundDeadline(id, now + budget);
    this.events.request(id, binding, ordinal, body, budget, blobs);
  }

  #takeItem({ id, ordinal, flags, budget }: frame.Head, body: Uint8Array, blobs: Blobs): void {
    const isMade = (flags & frame.FLAG_CALLEE) !== 0;
    const made = isMade ? this.#made(id) : undefined;
    const served = isMade ? undefined : this.#served(id);
    const call = made ?? served;
    const charge = (bytes: number) => call && spend(call, bytes);
    let items = [body];
    if ((flags & frame.FLAG_ROW) === 0) charge(sizeOf(body, blobs));
    else items = frame.itemsOf(body, charge);
    const token = (flags & frame.FLAG_ACK) === 0 ? undefined : budget;
    for (const item of items) {
      // Whoever takes an item may end or cancel the call, and with it what follows.
      if (made?.cancelled === true || (isMade ? this.outbound.get(id) : this.inbound.find(id)) !== call) return;
      made?.owner.item?.(ordinal, token, item, blobs);
      served?.owner?.item(item, blobs);
      // What was missed stood before the first of a row.
      ordinal = 0;
    }
  }

  #takeCredit({ id, ordinal, flags, budget }: frame.Head): void {
    const call = (flags & frame.FLAG_CALLEE) === 0 ? this.#served(id) : this.#made(id);
    if (call?.send === undefined) return;
    call.send.add(ordinal, budget);
    call.owner?.credit?.();
  }

  #takeFinish(id: number): void {
    const call = this.#served(id);
    if (call === undefined) return;
    if (call.recv === undefined) throw new Violation('credit_exceeded');
    call.recv = undefined;
    call.owner?.finish();
  }

  #takeEnd(id: number, code: number, body: Uint8Array, blobs: Blobs): void {
    const call = this.outbound.get(id);
    if (call === undefined) throw unknownId(id);
    const { owner, cancelled } = call;
    const status = statusOf(code);
    if (status === undefined && !cancelled) throw new Violation('malformed_payload', `status ${code}`);
    this.forget(id);
    this.outbox.withdrawEnded(id);
    if (status === undefined) return;
    if (cancelled) owner.late?.(status, body, blobs);
    else owner.end(status, body, blobs);
  }

  /** An open call of the hub's; undefined for one that has ended. */
  #served(id: number): Inbound | undefined {
    const call = this.inbound.find(id);
    if (call === NEVER) throw unknownId(id);
    return call === PAST ? undefined : call;
  }

  /** An open call of this side's; undefined for one that is being cancelled. */
  #made(id: number): Outbound | undefined {
    const call = this.outbound.get(id);
    if (call === undefined) throw unknownId(id);
    return call.cancelled ? undefined : call;
  }
}

/** Charges an item to the credit that this side has given. */
function spend({ recv }: Flows, bytes: number): void {
  if (recv?.open !== true) throw new Violation('credit_exceeded');
  recv.spend(bytes);
}

function unknownId(id: number): Violation {
  return new Violation('unknown_id', `id ${id}`);
}
