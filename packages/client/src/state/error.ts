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

/** What it means that the call of a change has failed, but for `Stale`. */
export function updateError(cause: unknown): UpdateError {
  const why = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof ApplicationError) return new UpdateError('refused', `the owner refused the change: ${why}`, cause);
  if (cause instanceof CallError && (!MAYBE_DONE.has(cause.status) || wasNotSent(cause))) return failed(cause);
  return new UpdateError('unknown', `it is not known whether the change was made: ${why}`, cause);
}

/** Whether the request surely never left. */
function wasNotSent(error: CallError): boolean {
  return 'sent' in error && error.sent === false;
}

/** The change was not made. */
export function failed(cause: unknown): UpdateError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UpdateError('failed', `the change was not made: ${why}`, cause);
}
