/**
 * When a process that has ended is started again, after which wait, and when that is given up: rules without clock, chance or processes, which
 * come in as arguments. The same rules in Rust stand in `portcullis::supervisor`; both replay `tests/vectors/supervisor/restarts.json`.
 */

/** Which ends of a process are followed by a restart: all; all but an exit with code 0; none. What main has asked for never is. */
export type Restart = 'permanent' | 'transient' | 'temporary';

/** The rules by which a process is started again. */
export interface RestartPolicy {
  readonly restart: Restart;
  /** The wait before the first restart. */
  readonly initialMs: number;
  /** The longest wait. */
  readonly maxMs: number;
  /** Each wait is so many times the one before. */
  readonly factor: number;
  /** By so many percent, 100 at most, each wait is shortened at most, at random. */
  readonly jitterPercent: number;
  /** A process that was ready for so long begins with the first wait again. */
  readonly steadyMs: number;
  /** So many restarts, 1,000 at most … */
  readonly restarts: number;
  /** … within this time, and the next one is not made. */
  readonly withinMs: number;
}

/** What holds when nothing is said. */
export const RESTART_POLICY: RestartPolicy = {
  restart: 'permanent',
  initialMs: 100,
  maxMs: 5_000,
  factor: 2,
  jitterPercent: 20,
  steadyMs: 10_000,
  restarts: 10,
  withinMs: 60_000,
};

/** Most restarts that can be allowed within a time; more is taken as this. */
const RESTARTS_MAX = 1_000;
/** A roll of chance is below this. */
export const ROLLS = 1_000;

/** How a process has ended: without a fault; with one; in a way that the next one would share; because main wanted it. */
export type Ending = 'normal' | 'abnormal' | 'hopeless' | 'asked';

/** What follows. */
export type Decision = { readonly then: 'restart'; readonly afterMs: number } | { readonly then: 'rest' | 'give_up' };

/** The restarts of one process so far. */
export class Restarts {
  /** Waits since the process was last well. */
  #streak = 0;
  /** When the restarts were that still count, the oldest first. */
  #recent: number[] = [];

  constructor(private readonly policy: RestartPolicy) {}

  /** The process has ended at `atMs` (since any moment, always the same) after it was ready for `readyMs`; `roll` is a number below `ROLLS`. */
  ended(atMs: number, readyMs: number, ending: Ending, roll: number): Decision {
    const { restart, withinMs, restarts, steadyMs } = this.policy;
    if (ending === 'hopeless') return { then: 'give_up' };
    if (ending === 'asked' || restart === 'temporary' || (ending === 'normal' && restart === 'transient')) return { then: 'rest' };
    this.#recent = this.#recent.filter((then) => atMs - then < withinMs);
    if (this.#recent.length >= Math.min(restarts, RESTARTS_MAX)) return { then: 'give_up' };
    this.#recent.push(atMs);
    if (readyMs >= steadyMs) this.#streak = 0;
    const afterMs = this.#wait(roll);
    this.#streak += 1;
    return { then: 'restart', afterMs };
  }

  /** The wait that is due. */
  #wait(roll: number): number {
    const { initialMs, maxMs, factor, jitterPercent } = this.policy;
    let wait = Math.min(initialMs, maxMs);
    for (let turn = 0; turn < this.#streak; turn += 1) {
      const next = Math.min(wait * Math.max(factor, 1), maxMs);
      // It grows no more, however many turns are left.
      if (next === wait) break;
      wait = next;
    }
    const share = Math.min(jitterPercent, 100) * Math.min(roll, ROLLS - 1);
    return wait - Math.floor((wait * share) / (100 * ROLLS));
  }
}
