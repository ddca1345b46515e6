/** What windows, main and the utility process of the tests serve, each under its own name. */
import type { CallContext } from '@portcullis/client';
import type { EchoHandlers } from '../../../client/test/generated/sample-echo.js';
import type { FlowsHandlers } from '../../../client/test/generated/sample-flows.js';

/** What became of the calls that last. */
export interface Noted {
  /** Calls of `never` and `stall` that run. */
  running: number;
  /** Those that were told to stop, by the status that they were told. */
  stopped: string[];
  /** Notifications so far. */
  told: string[];
}

/** Runs until the caller, or its end, stops it. */
function lasting(noted: Noted, cx: CallContext): Promise<never> {
  noted.running++;
  return new Promise((_, reject) => {
    cx.signal.addEventListener('abort', () => {
      noted.running--;
      noted.stopped.push(cx.signal.reason.status);
      reject(cx.signal.reason);
    });
  });
}

/** `Echo` that says by whom it was answered. */
export function echo(name: string, noted: Noted): EchoHandlers {
  return {
    call: ({ number, text, value }) => ({ number: number + 1n, text: `${name}: ${text}`, value: value * 2 }),
    bytes: (bytes) => bytes,
    join: (left, right, times) => `${left}${right ?? ''}`.repeat(times),
    nothing: () => undefined,
    fail: (number) => number,
    refuse: () => undefined,
    panic: (message) => {
      throw new Error(message);
    },
    later: (ms) => new Promise((resolve) => setTimeout(() => resolve(ms), ms)),
    never: (cx) => lasting(noted, cx),
    block: (ms) => ms,
    inline: (number) => number,
    who: () => ({ label: name, role: '' }),
    tell: (text) => void noted.told.push(text),
    told: () => noted.told.length,
  };
}

/** `Flows`. */
export function flows(noted: Noted): FlowsHandlers {
  return {
    async *count(count) {
      let sum = 0n;
      for (let number = 0; number < count; number++) {
        sum += BigInt(number);
        yield number;
      }
      return { items: count, sum };
    },
    async sum(items) {
      const summary = { items: 0, sum: 0n };
      for await (const item of items) {
        summary.items++;
        summary.sum += BigInt(item);
      }
      return summary;
    },
    async *mirror(items) {
      yield* items;
    },
    async *pictures(count, bytes) {
      for (let sequence = 0; sequence < count; sequence++) yield { sequence, pixels: new Uint8Array(bytes).fill(sequence) };
      return { items: count, sum: BigInt(count) * BigInt(bytes) };
    },
    async *stall(cx) {
      yield 1;
      await lasting(noted, cx);
    },
  };
}

/** Nothing has become of anything yet. */
export const nothingYet = (): Noted => ({ running: 0, stopped: [], told: [] });
