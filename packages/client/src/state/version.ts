/** What travels of a shared state; the same in a contract that uses it, where the generator writes it out. */

/** Which of the values of a shared state. Versions of one epoch are in order; those of two epochs are only different. */
export interface StateVersion {
  /** Drawn by chance when the owner made the state: after a restart it is another one. */
  readonly epoch: number;
  /** Counts the changes of this epoch, from 0. */
  readonly number: number;
}

/** A value of a shared state; as a change: a new value, and the version that it was made from. */
export type Versioned<T> = readonly [version: StateVersion, value: T];

/** The change was made from a version that is not the last any more: nothing was changed. */
export interface Stale {
  /** The version of the state now. */
  readonly now: StateVersion;
}

/**
 * Whether a value of the version `next` is news to whoever knows `known`. Values of a subscription are in order, so that another
 * epoch is always a later one.
 */
export function isNews(known: StateVersion | undefined, next: StateVersion): boolean {
  return known === undefined || next.epoch !== known.epoch || next.number > known.number;
}

/**
 * Whether whoever knows the version `at` may make a change again, when that from `base` was answered with `now`: knows that one, or
 * a state of an owner that came after.
 */
export function hasReached(at: StateVersion, base: StateVersion, now: StateVersion): boolean {
  return at.epoch === now.epoch ? at.number >= now.number : at.epoch !== base.epoch;
}
