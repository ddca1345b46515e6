/**
 * A hub for tests, in TypeScript and in memory: it admits peers, binds them to what others serve, and relays. It grants
 * everything, and leaves checking to the codecs of both ends. Not for production: that hub is written in Rust.
 */
import type { Blobs } from '../codec/blob.js';
import { Reader } from '../codec/reader.js';
import { Writer } from '../codec/writer.js';
import type { StatusName } from '../generated/tables.js';
import type { InterfaceDescriptor } from '../interface.js';
import { statusCode } from '../names.js';
import { type Head, NOTIFY, PUBLISH, REQUEST, SUBSCRIBE, UNBOUND } from '../session/frame.js';
import { NAME_BYTES_MAX } from '../session/limits.js';
import type { Shape } from '../session/wire.js';
import { Violation } from '../session/violation.js';
import { memoryPair } from '../transport/memory.js';
import type { Transport } from '../transport/transport.js';
import { Instance, type Observer } from './instance.js';
import { Leg, type LegEvents, type Opened } from './leg.js';
import { Relay } from './relay.js';
import { Publication, Subscription } from './topics.js';

const HASH_BYTES = 16;

interface Known {
  readonly descriptor: InterfaceDescriptor;
  /** By the name of an instance. */
  readonly observers: Map<string, Observer>;
}

/** What a call of the hub's own gives: a reply, or why not. */
type Answer = Uint8Array | readonly [status: StatusName, message: string];

export class TestHub implements LegEvents {
  readonly #known = new Map<string, Known>();
  readonly #instances: Instance[] = [];
  #lastPeer = 0;
  #lastNumber = 0;

  /** Makes an interface known, and names who is told of the calls on one instance of it. */
  know(descriptor: InterfaceDescriptor, instance: string, observer: Observer): void {
    let known = this.#known.get(descriptor.name);
    if (known === undefined) this.#known.set(descriptor.name, (known = { descriptor, observers: new Map() }));
    known.observers.set(instance, observer);
  }

  /** Admits a peer: its end of the connection, and the hub's. */
  admit(label: string, role: string): { readonly transport: Transport; readonly leg: Leg } {
    const [transport, far] = memoryPair();
    return { transport, leg: this.attach(far, label, role) };
  }

  /** The same, over a transport of one's own. */
  attach(transport: Transport, label: string, role: string): Leg {
    return new Leg(transport, this, ++this.#lastPeer, label, role);
  }

  left(leg: Leg): void {
    for (const [number, instance] of leg.numbers) instance.bindings.delete(number);
    for (const instance of [...this.#instances]) {
      if (instance.server === leg) this.#withdraw(instance);
    }
  }

  acked(leg: Leg, id: number, token: number): void {
    const opened = leg.inbound.get(id);
    if (opened instanceof Subscription) opened.acked(token);
  }

  opened(leg: Leg, head: Head, body: Uint8Array, blobs: Blobs): void {
    const { kind, binding, ordinal, id, budget } = head;
    if (kind === REQUEST && binding === 0) return this.#answer(leg, id, ordinal, body);
    const instance = leg.numbers.get(binding);
    if (instance === undefined) throw new Violation('unknown_binding', `binding ${binding}`);
    switch (kind) {
      case REQUEST: {
        const relay = new Relay(instance, leg, id);
        this.#admitCall(leg, id, relay);
        if (!instance.isServed) return relay.left();
        return relay.begin(ordinal, budget, body, blobs);
      }
      case NOTIFY: {
        const channel = instance.descriptor.channels[ordinal];
        if (channel !== undefined) instance.observe?.(channel, leg.label, body, blobs);
        return instance.server.data(NOTIFY, 0, instance.exportId, ordinal, 0, 0, body, blobs);
      }
      case SUBSCRIBE: {
        const topic = instance.topic(ordinal);
        if (topic === undefined) throw new Violation('malformed_payload', `ordinal ${ordinal} is no topic`);
        const subscription = topic.subscribe(leg, id);
        this.#admitCall(leg, id, subscription);
        if (!instance.isServed) return subscription.fail('unavailable', 'its server has left');
        return topic.greet(subscription);
      }
      case PUBLISH: {
        const report = id === 0 ? undefined : new Publication(leg, id, budget);
        if (report !== undefined) this.#admitCall(leg, id, report);
        return instance.topic(ordinal)?.publish({ body: body.slice(), blobs }, report);
      }
    }
    throw new Violation('unexpected_frame', `kind ${kind}`);
  }

  #admitCall(leg: Leg, id: number, call: Opened): void {
    if (leg.inbound.admit(id, call) !== undefined) throw new Violation('duplicate_id', `id ${id}`);
  }

  /** A call of the hub itself. */
  #answer(leg: Leg, id: number, ordinal: number, body: Uint8Array): void {
    this.#admitCall(leg, id, { cancel: () => undefined });
    const input = new Reader(body);
    const calls = [this.#bind, this.#release, this.#serve, this.#unserve];
    const answer = calls[ordinal]?.call(this, leg, input) ?? (['unimplemented', 'the hub has no such call'] as const);
    if (answer instanceof Uint8Array) return leg.end(id, statusCode('ok'), answer);
    const [status, message] = answer;
    leg.refuse(id, status, { channel: '', message });
  }

  #bind(leg: Leg, input: Reader): Answer {
    const [name, shape] = [input.string(0, NAME_BYTES_MAX), readShape(input)];
    const kind = input.u8();
    const wanted = kind === 0 ? '' : input.string(0, NAME_BYTES_MAX);
    const known = this.#known.get(name);
    if (known === undefined) return ['permission_denied', `nothing in this test serves "${name}"`];
    if (!fits(known.descriptor, shape)) return ['contract_mismatch', `two builds of "${name}" disagree`];
    const instance = this.#instances.find(
      (one) =>
        one.descriptor.name === name && (kind === 0 || (kind === 1 ? one.server.label === wanted : one.name === wanted)),
    );
    if (instance === undefined) return ['unavailable', `nothing serves "${name}" now`];
    const number = ++this.#lastNumber;
    leg.numbers.set(number, instance);
    instance.bindings.set(number, leg);
    const out = new Writer();
    out.u32(number);
    out.string(instance.server.label);
    out.string(instance.name);
    return out.view();
  }

  #release(leg: Leg, input: Reader): Answer {
    const number = input.u32();
    leg.numbers.get(number)?.bindings.delete(number);
    leg.numbers.delete(number);
    return new Uint8Array(0);
  }

  #serve(leg: Leg, input: Reader): Answer {
    const [name, shape, instanceName] = [input.string(0, NAME_BYTES_MAX), readShape(input), input.string(0, NAME_BYTES_MAX)];
    const known = this.#known.get(name);
    if (known === undefined) return ['permission_denied', `"${name}" is not known in this test`];
    if (!fits(known.descriptor, shape)) return ['contract_mismatch', `two builds of "${name}" disagree`];
    const number = ++this.#lastNumber;
    const instance = new Instance(known.descriptor, instanceName, leg, number, known.observers.get(instanceName));
    this.#instances.push(instance);
    leg.numbers.set(number, instance);
    const out = new Writer();
    out.u32(number);
    return out.view();
  }

  #unserve(leg: Leg, input: Reader): Answer {
    const instance = leg.numbers.get(input.u32());
    if (instance?.server === leg) this.#withdraw(instance);
    return new Uint8Array(0);
  }

  #withdraw(instance: Instance): void {
    const at = this.#instances.indexOf(instance);
    if (at < 0) return;
    this.#instances.splice(at, 1);
    instance.left();
    // Their callers are told at once, however long their handlers take to come to their end.
    instance.server.outbound.forEach((served) => served.left(instance));
    for (const [number, leg] of instance.bindings) leg.data(UNBOUND, 0, number, 0, 0, 0);
  }
}

function readHash(input: Reader): string {
  return Array.from(input.raw(HASH_BYTES), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function readShape(input: Reader): Shape {
  const hash = readHash(input);
  return { hash, earlier: Array.from({ length: input.count(HASH_BYTES) }, () => readHash(input)) };
}

/** Whether builds of two shapes may talk. */
function fits(one: Shape, other: Shape): boolean {
  return one.hash === other.hash || one.earlier?.includes(other.hash) === true || other.earlier?.includes(one.hash) === true;
}
