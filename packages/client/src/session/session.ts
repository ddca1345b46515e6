/**
 * The receiving half of a peer's session, and its time-outs: one frame in, at most one event out. Everything that a frame
 * can break is checked here; no other exception than a `Violation` arises in it, and that one ends the connection.
 */
import { Reader } from '../codec/reader.js';
import { reasonOf, statusOf } from '../names.js';
import { Assembler } from './assembler.js';
import { NEVER, PAST } from './calls.js';
import { CLOSED, GREETING, type Inbound, OPEN, type Outbound, SessionCore } from './core.js';
import { Flow } from './flow.js';
import * as frame from './frame.js';
import {
  CONTROL_BYTES_MAX,
  FRAME_BYTES_FLOOR,
  GOODBYE_BYTES_MAX,
  GRACE_MS,
  type Limits,
  PROTOCOL,
  QUIET_MS,
  WINDOW_BYTES_FLOOR,
} from './limits.js';
import { Violation } from './violation.js';
import { decodeWelcome, failureCodec, type Welcome } from './wire.js';

/** The peer's end of one connection. `I` belongs to each call that it serves, `O` to each that it makes. */
export class Session<I extends object, O extends object> extends SessionCore<I, O> {
  readonly #assembler = new Assembler();
  readonly #head = frame.emptyHead();
  /** Data parsed and not yet acknowledged, in bytes. */
  #unacknowledged = 0;
  #pingSent: number | undefined;

  /**
   * Takes bytes in. `whole` says that the transport keeps messages, which must end where a frame ends. The bytes are
   * not kept.
   */
  receive(bytes: Uint8Array, now: number, whole: boolean): void {
    try {
      const input = this.#assembler.join(bytes);
      const view = new DataView(input.buffer, input.byteOffset, input.length);
      let offset = 0;
      // Every turn uses up at least a header.
      while (offset < input.length && this.state !== CLOSED) {
        const head = this.#head;
        if (!frame.parseHead(view, offset, this.ours.frameBytes, head)) {
          if (whole) throw new Violation('partial_message', 'a message ends inside a frame');
          break;
        }
        const start = offset + frame.HEADER_BYTES;
        offset += head.length;
        if (head.kind !== 0) this.#take(head, input.subarray(start, offset), now);
      }
      if (this.state !== CLOSED) this.#assembler.keep(input, offset, this.#head.length);
      if (this.outbox.controlBytes > CONTROL_BYTES_MAX) {
        this.close({ reason: 'slow_consumer', message: 'more control frames wait than may' });
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.close({ reason: error.reason, message: error.message });
    }
  }

  /** When to call `handleTimeout`; undefined while nothing can run out. May be too early, never too late. */
  nextTimeout(): number | undefined {
    if (this.state === CLOSED) return undefined;
    if (!this.#awaits()) return this.deadlineFloor;
    const keepalive = this.#pingSent === undefined ? this.heard + QUIET_MS : this.#pingSent + GRACE_MS;
    return this.deadlineFloor === undefined ? keepalive : Math.min(this.deadlineFloor, keepalive);
  }

  /** Deals with what has run out by `now`. */
  handleTimeout(now: number): void {
    if (this.deadlineFloor !== undefined && this.deadlineFloor <= now) this.#expireCalls(now);
    if (this.state === CLOSED || !this.#awaits()) return;
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
    const late: [number, Outbound<O> | Inbound<I>, boolean][] = [];
    this.deadlineFloor = undefined;
    const visit = (callee: boolean) => (call: Outbound<O> | Inbound<I>, id: number) => {
      if (call.deadline === undefined) return;
      if (call.deadline <= now) late.push([id, call, callee]);
      else this.noteDeadline(call.deadline);
    };
    this.outbound.forEach(visit(false));
    this.inbound.forEach(visit(true));
    for (const [id, call, callee] of late) {
      // An event before this one may have ended the call, or the connection.
      if (callee) {
        const data = (call as Inbound<I>).data;
        if (this.inbound.get(id) !== call || call.deadline === undefined) continue;
        call.deadline = undefined;
        if (data !== undefined) this.events.expiredInbound(id, data);
      } else if (this.outbound.get(id) === call) {
        const data = this.cancel(id);
        if (data !== undefined) this.events.expiredOutbound(id, data);
      }
    }
  }

  #awaits(): boolean {
    return this.keepalive && this.state === OPEN && (this.awaited > 0 || this.outbox.isHeld);
  }

  #take(head: frame.Head, body: Uint8Array, now: number): void {
    const { kind, flags, binding, ordinal, id, budget } = head;
    // Whatever is heard answers a ping, too.
    this.heard = now;
    this.#pingSent = undefined;
    if (frame.isData(kind)) this.#countData(head.length);
    if (frame.isFromPeer(kind)) throw new Violation('unexpected_frame', `frame kind ${kind} came from the hub`);
    const greeting = this.state === GREETING;
    if (kind !== frame.GOODBYE && greeting !== (kind === frame.WELCOME)) {
      const when = greeting ? 'before the handshake' : 'a second time';
      throw new Violation('unexpected_frame', `frame kind ${kind} came ${when}`);
    }
    switch (kind) {
      case frame.WELCOME:
        return this.#takeWelcome(body, now);
      case frame.GOODBYE: {
        const message = new TextDecoder().decode(body.subarray(0, GOODBYE_BYTES_MAX));
        return this.abort({ reason: reasonOf(ordinal) ?? 'closed', message });
      }
      case frame.REQUEST:
        return this.#takeRequest(head, body, now);
      case frame.NOTIFY:
        return this.events.notify(binding, ordinal, body);
      case frame.ITEM:
        return this.#takeItem(head, body);
      case frame.END:
        return this.#takeEnd(id, ordinal, body);
    }
    // All others have no body.
    if (body.length > 0) throw new Violation('malformed_frame', `frame kind ${kind} has no body`);
    switch (kind) {
      case frame.PING:
        return this.outbox.control(frame.PONG, 0, 0, id, 0);
      case frame.WINDOW:
        return this.outbox.addWindow(budget, now);
      case frame.CREDIT:
        return this.#takeCredit((flags & frame.FLAG_CALLEE) === 0, id, ordinal, budget);
      case frame.FINISH:
        return this.#takeFinish(id);
      case frame.CANCEL: {
        const data = this.#served(id)?.data;
        return data === undefined ? undefined : this.events.cancel(id, data);
      }
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
      throw new Violation('window_exceeded', `more than ${windowBytes} bytes came without acknowledgement`);
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
      throw new Violation('malformed_payload', `the body of \`welcome\`: ${String(error)}`);
    }
    const { limits, protocol } = welcome;
    if (!reasonable(limits)) throw new Violation('malformed_payload', 'an announced limit is below its floor');
    if (protocol !== PROTOCOL) throw new Violation('malformed_payload', `protocol ${protocol} was not offered`);
    this.theirs = limits;
    this.outbound.slotsMax = limits.calls;
    this.outbound.forEach((call) => {
      // Opened before the handshake was done: credit was only assumed.
      if (call.send !== undefined) call.send = new Flow(limits.streamItems, limits.streamBytes);
    });
    this.outbox.addWindow(limits.windowBytes, now);
    this.state = OPEN;
    this.events.welcome(welcome);
  }

  #takeRequest(head: frame.Head, body: Uint8Array, now: number): void {
    const { id, binding, ordinal, budget } = head;
    const call: Inbound<I> = { data: undefined, send: undefined, recv: undefined, deadline: undefined };
    const refused = this.inbound.admit(id, call);
    if (refused === NEVER) throw new Violation('duplicate_id', `id ${id} is not free`);
    if (refused === PAST) {
      const message = 'too many calls are open on this connection';
      return this.refuse(id, 'resource_exhausted', (out) => failureCodec.encode(out, { channel: '', message }));
    }
    if (budget !== 0) this.setInboundDeadline(id, now + budget);
    this.events.request(id, binding, ordinal, budget, body);
  }

  #takeItem(head: frame.Head, body: Uint8Array): void {
    const { id, ordinal, flags, budget } = head;
    const down = (flags & frame.FLAG_CALLEE) !== 0;
    const call = down ? this.#made(id) : this.#served(id);
    if (call === undefined) return;
    if (call.recv === undefined || !call.recv.open) {
      throw new Violation('credit_exceeded', 'an item without credit, or on a flow that is not open');
    }
    call.recv.spend(body.length);
    if (!down) return this.events.itemUp(id, call.data as I, body);
    const token = (flags & frame.FLAG_ACK) === 0 ? undefined : budget;
    this.events.itemDown(id, call.data as O, ordinal, token, body);
  }

  #takeCredit(callee: boolean, id: number, items: number, bytes: number): void {
    const call = callee ? this.#served(id) : this.#made(id);
    if (call?.send === undefined) return;
    call.send.add(items, bytes);
    if (callee) this.events.creditDown(id, call.data as I);
    else this.events.creditUp(id, call.data as O);
  }

  #takeFinish(id: number): void {
    const call = this.#served(id);
    if (call === undefined) return;
    if (call.recv === undefined) throw new Violation('credit_exceeded', '`finish` on a flow that is not open');
    call.recv = undefined;
    this.events.finish(id, call.data as I);
  }

  #takeEnd(id: number, code: number, body: Uint8Array): void {
    const call = this.forget(id);
    if (call === undefined) throw unknownId(id);
    if (call.data === undefined) return;
    const status = statusOf(code);
    if (status === undefined) {
      // Its caller is told with all others.
      this.outbound.restore(id, call);
      throw new Violation('malformed_payload', `status ${code} is not known`);
    }
    this.events.end(id, call.data, status, body);
  }

  /** An open call of the hub's; undefined for one that has ended. */
  #served(id: number): Inbound<I> | undefined {
    const call = this.inbound.find(id);
    if (call === NEVER) throw unknownId(id);
    return call === PAST ? undefined : call;
  }

  /** An open call of this side's; undefined for one that is being cancelled. */
  #made(id: number): Outbound<O> | undefined {
    const call = this.outbound.get(id);
    if (call === undefined) throw unknownId(id);
    return call.data === undefined ? undefined : call;
  }
}

function unknownId(id: number): Violation {
  return new Violation('unknown_id', `id ${id} belongs to no call`);
}

/** Whether anything can work under such limits. */
function reasonable(limits: Limits): boolean {
  return (
    limits.frameBytes >= FRAME_BYTES_FLOOR &&
    limits.windowBytes >= WINDOW_BYTES_FLOOR &&
    limits.calls > 0 &&
    limits.streamItems > 0 &&
    limits.streamBytes > 0
  );
}
