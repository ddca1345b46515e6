/** What stands between the hub and the handlers of a mock: failures that a test injects, and latency. */
import { ApplicationError, CallError } from '../errors.js';
import type { CallContext, ChannelDescriptor } from '../interface.js';
import type { Handler } from '../runtime/serving.js';
import type { InjectedFailure, Thrown } from './types.js';

interface Fault {
  readonly error: Thrown;
  /** How many calls it still has to fail. */
  left: number;
}

export class Faults {
  readonly #faults = new Map<string, Set<Fault>>();
  readonly #latencies = new Map<string, number>();
  #latencyMs = 0;

  /** Fails the next calls of a method; gives what takes that back. Of several, the first one that was injected comes first. */
  add(channel: ChannelDescriptor, failure: InjectedFailure<unknown>, times: number): () => void {
    const fault: Fault = { error: errorOf(channel, failure), left: times };
    let faults = this.#faults.get(channel.method);
    if (faults === undefined) this.#faults.set(channel.method, (faults = new Set()));
    faults.add(fault);
    return () => void faults.delete(fault);
  }

  /** Delays a method's calls, or all that have no time of their own. */
  delay(ms: number, method: string | undefined): void {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError(`a latency of ${ms} ms`);
    if (method === undefined) this.#latencyMs = ms;
    else this.#latencies.set(method, ms);
  }

  /** A handler of `handlers`, behind what is injected. It is looked up at each call, so that a test can replace it. */
  wrap(channel: ChannelDescriptor, handlers: Readonly<Record<string, unknown>>): Handler {
    const { method } = channel;
    return async (...args) => {
      const failure = this.#take(method);
      const ms = this.#latencies.get(method) ?? this.#latencyMs;
      if (ms > 0) await sleep(ms, (args.at(-1) as CallContext).signal);
      if (failure !== undefined) throw failure;
      const handler = handlers[method];
      if (typeof handler === 'function') return Reflect.apply(handler as Handler, handlers, args);
      throw new CallError('unimplemented', { channel: channel.name, message: 'this mock has no handler for it' });
    };
  }

  #take(method: string): Thrown | undefined {
    const faults = this.#faults.get(method);
    const [fault] = faults ?? [];
    if (fault === undefined) return undefined;
    fault.left--;
    if (fault.left <= 0) faults?.delete(fault);
    return fault.error;
  }
}

function errorOf(channel: ChannelDescriptor, failure: InjectedFailure<unknown>): Thrown {
  if ('error' in failure) return new ApplicationError(failure.error, channel.name);
  const { status, message = 'injected by a test', ...more } = failure;
  return new CallError(status, { channel: channel.name, message, ...more });
}

/** Rejects with the reason of the signal, if that comes first. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
