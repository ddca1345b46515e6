/** A histogram of latencies with a fixed set of buckets: a percentile is at most one sixteenth too high. @module */

/** Buckets between one power of two and the next. */
const STEPS = 16;
/** Powers of two that are told apart; what is longer than about 71 minutes counts as that. */
const GROUPS = 29;

/** Below {@link STEPS}, every value has a bucket; above, the leading bits choose it. */
function bucket(us: number): number {
  const value = Math.max(0, Math.round(us));
  if (value < STEPS) return value;
  const shift = Math.floor(Math.log2(value)) - Math.log2(STEPS);
  return Math.min((shift + 1) * STEPS + Math.floor(value / 2 ** shift) - STEPS, GROUPS * STEPS - 1);
}

/** The largest value of a bucket. */
function last(at: number): number {
  const [group, step] = [Math.floor(at / STEPS), at % STEPS];
  return group === 0 ? step : (STEPS + step + 1) * 2 ** (group - 1) - 1;
}

/** Counts latencies in microseconds. */
export class Latencies {
  readonly #counts = new Uint32Array(GROUPS * STEPS);
  #count = 0;
  #max = 0;

  record(us: number): void {
    this.#counts[bucket(us)]!++;
    this.#count++;
    this.#max = Math.max(this.#max, Math.round(us));
  }

  /** The latency that `percent` of all did not exceed, rounded up to its bucket's end; 0 when none was counted. */
  percentile(percent: number): bigint {
    const wanted = Math.max(1, Math.ceil((this.#count * percent) / 100));
    let seen = 0;
    for (const [at, count] of this.#counts.entries()) {
      seen += count;
      if (seen >= wanted) return BigInt(at === this.#counts.length - 1 ? this.#max : Math.min(last(at), this.#max));
    }
    return 0n;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#count = this.#max = 0;
  }
}
