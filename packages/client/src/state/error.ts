/** Why a change of a shared state did not take effect, as far as that is known. */
import { ApplicationError, CallError } from '../errors.js';
import type { StatusName } from '../generated/tables.js';

/**
 * - `refused`: the owner refused it with an error of the application's own, which is the `cause`.
 * - `contended`: others have changed the state before each of its tries.
 * - `failed`: it was not sent, or was refused; the `cause` says why.
 * - `unknown`: it was sent and no answer has come: it may or may not have been applied. The state will tell.
 *
 * But for `unknown`, nothing was changed.
 */
export type UpdateOutcome = 'refused' | 'contended' | 'failed' | 'unknown';

/** An update that failed. What was shown of it is taken back. */
export class UpdateError extends Error {
  readonly outcome: UpdateOutcome;

  constructor(outcome: UpdateOutcome, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UpdateError';
    this.outcome = outcome;
  }
}

/** With these, the handler may have run to its end. */
const MAYBE_DONE: ReadonlySet<StatusName> = /* @__PURE__ */ new Set<StatusName>([
  'cancelled',
  'deadline_exceeded',
  'unavailable',
  'internal',
  'data_loss',
]);

/** What it means that the call of a change has failed, but for `Stale`; `why` is told as the reason. */
export function updateError(error: unknown, why = error): UpdateError {
  const text = textOf(why);
  if (error instanceof ApplicationError) return new UpdateError('refused', `the owner refused the change: ${text}`, why);
  if (error instanceof CallError && !(error.sent && MAYBE_DONE.has(error.status))) return failed(why);
  return new UpdateError('unknown', `it is not known whether the change was made: ${text}`, why);
}

/** The change was not made. */
export function failed(why: unknown): UpdateError {
  return new UpdateError('failed', `the change was not made: ${textOf(why)}`, why);
}

function textOf(why: unknown): string {
  return why instanceof Error ? why.message : String(why);
}
