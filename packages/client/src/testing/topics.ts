/** Topics at the hub: subscriptions with their queues, retained values, and reports of who got a value. */
import { type Blobs, sizeOf } from '../codec/blob.js';
import { Writer } from '../codec/writer.js';
import type { ChannelDescriptor, Miss, Recipient } from '../interface.js';
import { statusCode } from '../names.js';
import { Flow } from '../session/flow.js';
import { FLAG_ACK, FLAG_CALLEE, ITEM } from '../session/frame.js';
import type { Leg, Opened } from './leg.js';

/** A published value. */
interface Value {
  readonly body: Uint8Array;
  readonly blobs: Blobs;
}

interface Waiting {
  readonly value: Value;
  missed: number;
  readonly report: Publication | undefined;
}

/** One topic of an instance. */
export class Topic {
  readonly #subscriptions = new Set<Subscription>();
  #retained: Value | undefined;

  constructor(readonly channel: ChannelDescriptor) {}

  subscribe(leg: Leg, id: number): Subscription {
    const subscription = new Subscription(this.channel, leg, id, () => this.#subscriptions.delete(subscription));
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Sends a new subscriber the value that is retained. To be called once its id is open. */
  greet(subscription: Subscription): void {
    if (this.#retained !== undefined) subscription.offer(this.#retained, undefined);
  }

  /** Sends a value to all subscribers, and keeps the last one of a state. */
  publish(value: Value, report: Publication | undefined): void {
    if (this.channel.kind === 'state') this.#retained = value;
    const all = [...this.#subscriptions];
    for (const subscription of all) report?.expect(subscription);
    for (const subscription of all) subscription.offer(value, report);
    report?.settle();
  }

  /** The instance has left. */
  close(): void {
    for (const subscription of this.#subscriptions) subscription.fail('unavailable', 'its server has left');
  }
}

/** One subscriber of a topic: values wait for its credit, as many as the channel declares. */
export class Subscription implements Opened {
  readonly #flow: Flow;
  readonly #waiting: Waiting[] = [];
  /** Values that were sent and are to be acknowledged, by token. */
  readonly #unacknowledged = new Map<number, Publication>();
  #token = 0;
  /** Values that were not kept since the last one that was. */
  #missed = 0;

  constructor(
    private readonly channel: ChannelDescriptor,
    readonly leg: Leg,
    private readonly id: number,
    private readonly forget: () => void,
  ) {
    this.#flow = new Flow(leg.limits.streamItems, leg.limits.streamBytes);
  }

  offer(value: Value, report: Publication | undefined): void {
    if (!this.leg.takes(value.blobs)) return this.fail('resource_exhausted', 'a value is larger than this subscriber takes');
    const { overflow } = this.channel;
    const depth = Math.max(1, this.channel.depth);
    if (!this.#flow.open && this.#waiting.length >= depth) {
      if (overflow === 'disconnect') {
        report?.missed(this, 'dropped');
        return this.fail('resource_exhausted', 'this subscriber was too slow');
      }
      if (overflow === 'dropNewest') {
        this.#missed++;
        return report?.missed(this, 'dropped');
      }
      const gone = this.#waiting.shift();
      gone?.report?.missed(this, 'dropped');
      const next = this.#waiting[0];
      const missed = (gone?.missed ?? 0) + 1;
      if (next === undefined) this.#missed += missed;
      else next.missed += missed;
    }
    this.#waiting.push({ value, missed: this.#missed, report });
    this.#missed = 0;
    this.#send();
  }

  credit(items: number, bytes: number): void {
    this.#flow.add(items, bytes);
    this.#send();
  }

  acked(token: number): void {
    this.#unacknowledged.get(token)?.delivered(this);
    this.#unacknowledged.delete(token);
  }

  cancel(gone: boolean): void {
    this.#over();
    if (!gone) this.leg.refuse(this.id, 'cancelled', { channel: this.channel.name, message: 'the caller cancelled' });
  }

  /** Ends it from this side. */
  fail(status: 'unavailable' | 'resource_exhausted', message: string): void {
    this.#over();
    this.leg.refuse(this.id, status, { channel: this.channel.name, message });
  }

  #send(): void {
    while (this.#flow.open) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const { value, missed, report } = next;
      const { body, blobs } = value;
      if (report !== undefined) this.#unacknowledged.set(++this.#token, report);
      const flags = FLAG_CALLEE | (report === undefined ? 0 : FLAG_ACK);
      this.#flow.spend(sizeOf(body, blobs));
      this.leg.data(ITEM, flags, 0, missed, this.id, report === undefined ? 0 : this.#token, body, blobs);
    }
  }

  #over(): void {
    this.forget();
    for (const { report } of this.#waiting.splice(0)) report?.missed(this, 'left');
    for (const report of this.#unacknowledged.values()) report.missed(this, 'left');
    this.#unacknowledged.clear();
  }
}

/** A publication whose sender wants to know who got it. */
export class Publication implements Opened {
  readonly #expected = new Set<Subscription>();
  readonly #delivered: Recipient[] = [];
  readonly #missed: Miss[] = [];
  readonly #timer: ReturnType<typeof setTimeout>;

  constructor(
    private readonly leg: Leg,
    private readonly id: number,
    withinMs: number,
  ) {
    this.#timer = setTimeout(() => {
      for (const subscription of [...this.#expected]) this.missed(subscription, 'timedOut');
    }, withinMs);
  }

  expect(subscription: Subscription): void {
    this.#expected.add(subscription);
  }

  delivered(subscription: Subscription): void {
    if (!this.#expected.delete(subscription)) return;
    const { peer, label } = subscription.leg;
    this.#delivered.push({ peer, label });
    this.settle();
  }

  missed(subscription: Subscription, why: Miss['why']): void {
    if (!this.#expected.delete(subscription)) return;
    const { peer, label } = subscription.leg;
    this.#missed.push({ peer, label, why });
    this.settle();
  }

  /** Reports, once nobody is waited for. */
  settle(): void {
    if (this.#expected.size > 0) return;
    clearTimeout(this.#timer);
    const out = new Writer();
    out.count(this.#delivered.length);
    for (const { peer, label } of this.#delivered) {
      out.u32(peer);
      out.string(label);
    }
    out.count(this.#missed.length);
    for (const { peer, label, why } of this.#missed) {
      out.u32(peer);
      out.string(label);
      out.u8(why === 'dropped' ? 0 : why === 'left' ? 1 : 2);
    }
    this.leg.end(this.id, statusCode('ok'), out.view());
  }

  cancel(gone: boolean): void {
    clearTimeout(this.#timer);
    this.#expected.clear();
    if (!gone) this.leg.refuse(this.id, 'cancelled', { channel: '', message: 'the caller cancelled' });
  }
}
