/** One call between two peers of the hub: every frame of it goes on under the id that the other side knows. */
import { type Blobs, NO_BLOBS } from '../codec/blob.js';
import { statusCode } from '../names.js';
import { textOf } from '../runtime/failure.js';
import { CANCEL, CREDIT, FINISH, FLAG_CALLEE, ITEM, REQUEST } from '../session/frame.js';
import type { Ended, Instance } from './instance.js';
import { failureBody, type Leg, type Opened, type Served } from './leg.js';

/** Budgets are whole milliseconds, rounded up. */
const CLOCK_ERROR_MS = 1;

/** Named from the caller's side; what the callee sends carries its flag, and comes by the methods of `Served`. */
export class Relay implements Opened, Served {
  readonly #callee: Leg;
  #calleeId = 0;
  /** When its time is used up, in milliseconds of `performance.now`. */
  #deadline = Infinity;
  /** Its caller has its outcome; what the callee still says is nobody's. */
  #over = false;
  #ended: Ended | undefined;

  constructor(
    private readonly instance: Instance,
    private readonly caller: Leg,
    private readonly callerId: number,
  ) {
    this.#callee = instance.server;
  }

  /** Passes the request on. */
  begin(ordinal: number, budgetMs: number, body: Uint8Array, blobs: Blobs): void {
    const { instance, caller } = this;
    const channel = instance.descriptor.channels[ordinal];
    const limitMs = budgetMs > 0 ? budgetMs : (channel?.deadlineMs ?? Infinity);
    this.#deadline = performance.now() + limitMs - CLOCK_ERROR_MS;
    if (channel !== undefined) this.#ended = instance.observe?.(channel, caller.label, body, blobs);
    if (!this.#callee.takes(blobs)) return this.#fail('resource_exhausted', 'its server does not take so much');
    this.#calleeId = this.#callee.outbound.open(this);
    if (this.#calleeId === 0) return this.#fail('resource_exhausted', 'too many calls are open');
    this.#callee.data(REQUEST, 0, instance.exportId, ordinal, this.#calleeId, budgetMs, body, blobs);
  }

  item(body: Uint8Array, missed: number, blobs: Blobs): void {
    if (this.#callee.takes(blobs)) this.#callee.data(ITEM, 0, 0, missed, this.#calleeId, 0, body, blobs);
    else this.#overflow();
  }

  itemDown(body: Uint8Array, missed: number, blobs: Blobs): void {
    if (this.caller.takes(blobs)) this.caller.data(ITEM, FLAG_CALLEE, 0, missed, this.callerId, 0, body, blobs);
    else this.#overflow();
  }

  credit(items: number, bytes: number): void {
    this.#callee.control(CREDIT, 0, items, this.#calleeId, bytes);
  }

  creditUp(items: number, bytes: number): void {
    this.caller.control(CREDIT, FLAG_CALLEE, items, this.callerId, bytes);
  }

  finish(): void {
    this.#callee.data(FINISH, 0, 0, 0, this.#calleeId, 0);
  }

  /** The caller is told at once, as by the hub; its callee ends the call when its handler has come to its end. */
  cancel(): void {
    const status = performance.now() >= this.#deadline ? 'deadline_exceeded' : 'cancelled';
    this.#callee.data(CANCEL, 0, 0, 0, this.#calleeId, 0);
    this.#fail(status, textOf(status));
  }

  end(code: number, body: Uint8Array, blobs: Blobs): void {
    if (this.#over) return;
    if (!this.caller.takes(blobs)) return this.#fail('resource_exhausted', 'its caller does not take so much');
    this.#over = true;
    this.#ended?.(code, body, blobs);
    this.caller.end(this.callerId, code, body, blobs);
  }

  left(instance = this.instance): void {
    if (instance === this.instance) this.#fail('unavailable', 'its server has left');
  }

  /** An item is larger than its receiver takes. */
  #overflow(): void {
    this.#callee.data(CANCEL, 0, 0, 0, this.#calleeId, 0);
    this.#fail('resource_exhausted', 'an item is larger than its receiver takes');
  }

  #fail(status: 'cancelled' | 'deadline_exceeded' | 'resource_exhausted' | 'unavailable', message: string): void {
    this.end(statusCode(status), failureBody({ channel: '', message }), NO_BLOBS);
  }
}
