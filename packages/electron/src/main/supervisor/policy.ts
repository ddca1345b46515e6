/**
 * When a process that has ended is started again, after which wait, and when that is given up: rules without clock, chance or processes, which
 * come in as arguments; the waits are those of a client that reconnects. The same rules in Rust stand in `portcullis::supervisor`; both replay
 * `tests/vectors/supervisor/restarts.json`.
 */
import { WAIT_POLICY, type WaitPolicy, Waits } from '@portcullis/client';

/** Which ends of a process are followed by a restart: all; all but an exit with code 0; none. What main has asked for never is. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** The rules by which a process is started again. It is well while it is ready. */
export interface RestartPolicy extends WaitPolicy {
  readonly restart: Restart;
  /** So many restarts, 1,000 at most … */
  readonly restarts: number;
  /** … within this time, and the next one is not made. */
  readonly withinMs: number;
}

/** What holds when nothing is said. */
export const RESTART_POLICY: RestartPolicy = { ...WAIT_POLICY, restart: 'permanent', restarts: 10, withinMs: 60_000 };

/** Most restarts that can be allowed within a time; more is taken as this. */
const RESTARTS_MAX = 1_000;
/** How a process has ended: without a fault; with one; in a way that the next one would share; because main wanted it. */
export type Ending = 'normal' | 'abnormal' | 'hopeless' | 'asked';

/** What follows. */
export type Decision = { readonly then: 'restart'; readonly afterMs: number } | { readonly then: 'rest' | 'give_up' };

/** The restarts of one process so far. */
export class Restarts {
  readonly #waits: Waits;
  /** When the restarts were that still count, the oldest first. */
  #recent: number[] = [];

  constructor(private readonly policy: RestartPolicy) {
    this.#waits = new Waits(policy);
  }

  /** The process has ended at `atMs` (since any moment, always the same) after it was ready for `readyMs`; `roll` is a number below `ROLLS`. */
  ended(atMs: number, readyMs: number, ending: Ending, roll: number): Decision {
    const { restart, withinMs, restarts } = this.policy;
    if (ending === 'hopeless') return { then: 'give_up' };
    if (ending === 'asked' || restart === 'temporary' || (ending === 'normal' && restart === 'transient')) return { then: 'rest' };
    this.#recent = this.#recent.filter((then) => atMs - then < withinMs);
    if (this.#recent.length >= Math.min(restarts, RESTARTS_MAX)) return { then: 'give_up' };
    this.#recent.push(atMs);
    return { then: 'restart', afterMs: this.#waits.next(readyMs, roll) };
  }
}
