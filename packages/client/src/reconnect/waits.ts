/**
 * How long to wait before something is tried again: waits that double, less some chance, and begin anew after it went well
 * for long. Without clock or timers. Supervisors wait by the same rules; `tests/vectors/supervisor/restarts.json` has cases.
 */

/** The rules of waits. */
export interface WaitPolicy {
  /** The first wait. */
  readonly initialMs: number;
  /** The longest wait. */
  readonly maxMs: number;
  /** Each wait is so many times the one before. */
  readonly factor: number;
  /** By so many percent, 100 at most, each wait is shortened at most, at random: so those who wait do not come back together. */
  readonly jitterPercent: number;
  /** After it went well for so long, the next wait is the first one again. */
  readonly steadyMs: number;
}

/** What holds when nothing is said. */
export const WAIT_POLICY: WaitPolicy = { initialMs: 100, maxMs: 5_000, factor: 2, jitterPercent: 20, steadyMs: 10_000 };

/** A roll of chance is below this. */
export const ROLLS = 1_000;

/** The waits of one thing that is tried again. */
export class Waits {
  /** Waits since it was last well. */
  #streak = 0;

  constructor(private readonly policy: WaitPolicy) {}

  /** The wait that is due, in milliseconds, after it went well for `wellMs`; `roll` is a whole number below `ROLLS`. */
  next(wellMs: number, roll = Math.floor(Math.random() * ROLLS)): number {
    const { initialMs, maxMs, factor, jitterPercent, steadyMs } = this.policy;
    if (wellMs >= steadyMs) this.#streak = 0;
    let wait = Math.min(initialMs, maxMs);
    for (let turn = 0; turn < this.#streak; turn += 1) {
      const next = Math.min(wait * Math.max(factor, 1), maxMs);
      // It grows no more, however many turns are left.
      if (next === wait) break;
      wait = next;
    }
    this.#streak += 1;
    const share = Math.min(jitterPercent, 100) * Math.min(roll, ROLLS - 1);
    return wait - Math.floor((wait * share) / (100 * ROLLS));
  }
}
