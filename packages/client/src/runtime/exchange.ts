/** What every call, stream and subscription of this side's has in common: a beginning, one end, and ways to end early. */
import type { Blobs } from '../codec/blob.js';
import type { CallError } from '../errors.js';
import type { StatusName } from '../generated/tables.js';
import type { CallContext, CallOptions, ChannelDescriptor, Reading } from '../interface.js';
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

/** What ends a call early, and how its values are read. */
export interface Endings extends Reading {
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
  /** How its caller wants bodies to be read. */
  protected reading: Reading | undefined;
  /** How to leave the signals that may end it. */
  #leave: (() => void) | undefined;

  constructor(
    protected readonly connection: Connection,
    protected readonly channel: ChannelDescriptor,
    private readonly made: Trace | undefined,
  ) {}

  /** Begins it; what is wrong with that is told like any other failure. */
  begin(to: Instance, body: Body, opening: Opening, options?: Endings): void {
    const { connection, channel } = this;
    if (connection.transport.ownsMessages === true) this.reading = options;
    const { kind, up = false, down = false, timeoutMs, slackMs = 0 } = opening;
    if (to.gone) return this.fail('unavailable', false);
    const signals = [options?.signal, options?.parent?.signal].filter((signal) => signal !== undefined);
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) return this.#cancelled(aborted);
    if (timeoutMs !== undefined && !(timeoutMs > 0)) return this.fail('deadline_exceeded', false);
    if (signals.length > 0) this.#heed(signals);
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
    if (this.id === 0 || this.connection.session.cancel(this.id) === false) (error as { sent: boolean }).sent = false;
    this.connection.touched();
    this.settle(error);
  }

  end(status: StatusName, body: Uint8Array, blobs: Blobs): void {
    if (this.done) return;
    if (status !== 'ok') return this.settle(endError(this.channel, status, body, blobs));
    let value: unknown;
    try {
      value = this.decode(body, blobs);
    } catch (error) {
      return this.settle(this.unreadable('the reply', error));
    }
    this.#over();
    this.succeeded(value);
  }

  fail(status: StatusName, sent: boolean, message?: string): void {
    this.settle(localError(this.channel, status, message, undefined, { sent }));
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

  /** Reads the reply. */
  protected abstract decode(body: Uint8Array, blobs: Blobs): unknown;

  /** Tells of the reply that `decode` gave. */
  protected abstract succeeded(value: unknown): void;

  /** Tells of the failure. */
  protected abstract failed(error: CallError): void;

  #over(): void {
    this.done = true;
    this.#leave?.();
  }

  #heed(signals: readonly AbortSignal[]): void {
    const onAbort = (event: Event) => this.#cancelled(event.target as AbortSignal);
    for (const signal of signals) signal.addEventListener('abort', onAbort);
    this.#leave = () => {
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    };
  }

  #cancelled(signal: AbortSignal): void {
    this.abort(localError(this.channel, 'cancelled', undefined, signal.reason));
  }
}
