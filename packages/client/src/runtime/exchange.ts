/** What every call, stream and subscription of this side's has in common: a beginning, one end, and ways to end early. */
import type { CallError } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { CallContext, CallOptions, ChannelDescriptor } from '../interface.js';
import type { Body, Caller } from '../session/core.js';
import { type Trace, traced } from './calling.js';
import type { Connection } from './connection.js';
import { endError, localError, sendError, valueError } from './failure.js';
import { CreditMeter } from './queue.js';

/** Where a call goes. */
export interface Instance {
  /** The binding, or for a publication of a server its export. */
  readonly id: number;
  /** It has left, or was released: nothing more is sent to it. */
  readonly gone: boolean;
}

/** How a call is begun. */
export interface Opening {
  readonly kind: number;
  readonly up?: boolean;
  readonly down?: boolean;
  /** Undefined: for ever. */
  readonly timeoutMs?: number | undefined;
  readonly slackMs?: number;
}

/** What ends a call early. */
export interface Endings {
  readonly signal?: AbortSignal | undefined;
  readonly parent?: CallContext | undefined;
}

/** The time that a call may take. */
export function timeLimit(channel: ChannelDescriptor, options: CallOptions | undefined): number {
  const own = options?.timeoutMs ?? channel.deadlineMs;
  const outer = options?.parent?.remainingMs() ?? Infinity;
  return Math.min(own, outer, 0xffff_ffff);
}

export abstract class Exchange implements Caller {
  protected id = 0;
  /** The one outcome has been told. */
  protected done = false;
  #signals: readonly AbortSignal[] = [];

  constructor(
    protected readonly connection: Connection,
    protected readonly channel: ChannelDescriptor,
    private readonly made: Trace | undefined,
  ) {}

  /** Begins it; what is wrong with that is told like any other failure. */
  begin(to: Instance, body: Body, opening: Opening, options?: Endings): void {
    const { connection, channel } = this;
    const { kind, up = false, down = false, timeoutMs, slackMs = 0 } = opening;
    const signals = [options?.signal, options?.parent?.signal].filter((signal) => signal !== undefined);
    if (to.gone) return this.fail('unavailable');
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return this.#cancelled(aborted);
    if (timeoutMs !== undefined && !(timeoutMs > 0)) return this.fail('deadline_exceeded');
    for (const signal of signals) signal.addEventListener('abort', this.#onAbort);
    this.#signals = signals;
    try {
      const now = connection.now();
      const deadline = timeoutMs === undefined ? undefined : now + timeoutMs + slackMs;
      this.id = connection.session.open(kind, to.id, channel.ordinal, up, down, deadline, now, this, body, slackMs);
      connection.touched();
    } catch (error) {
      this.settle(sendError(channel, 'the arguments', error));
    }
  }

  /** Ends it early: nothing about it is told after this. */
  protected abort(error: CallError): void {
    if (this.done) return;
    this.connection.session.cancel(this.id);
    this.connection.touched();
    this.settle(error);
  }

  end(status: StatusName, body: Uint8Array): void {
    if (this.done) return;
    if (status !== 'ok') return this.settle(endError(this.channel, status, body));
    let succeed: () => void;
    try {
      succeed = this.decode(body);
    } catch (error) {
      return this.settle(this.unreadable('the reply', error));
    }
    this.#over();
    succeed();
  }

  fail(status: StatusName, message?: string): void {
    this.settle(localError(this.channel, status, message));
  }

  /** The one failure. */
  protected settle(error: CallError): void {
    if (this.done) return;
    this.#over();
    this.failed(this.made === undefined ? error : traced(error, this.made));
  }

  /** A body that the hub let pass and this side cannot read: two builds disagree. */
  protected unreadable(what: string, error: unknown): CallError {
    return valueError(this.channel, 'internal', what, error);
  }

  /** Counts what was read of the items down, and gives credit for it. */
  protected meter(): CreditMeter {
    return new CreditMeter(this.connection, false, () => this.id);
  }

  /** Reads the reply, and gives what is to be done with it. */
  protected abstract decode(body: Uint8Array): () => void;

  /** Tells of the failure. */
  protected abstract failed(error: CallError): void;

  #over(): void {
    this.done = true;
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (event: Event): void => this.#cancelled(event.target as AbortSignal);

  #cancelled(signal: AbortSignal): void {
    this.abort(localError(this.channel, 'cancelled', undefined, signal.reason));
  }
}
