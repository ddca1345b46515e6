/** Lines about what callers bring about. One of them can do so without end, and must not fill the log with it. */
import type { Connection } from './connection.js';

/** Lines about one channel and caller that are all written, in each minute. */
const LINES_FIRST = 8;
const MINUTE_MS = 60_000;
/** Channels and callers that are counted at a time. */
const KEYS_MAX = 1_024;

/** Writes the first lines about a channel and its caller; of more within a minute those whose count is a power of two. */
export class FaultLog {
  readonly #counts = new Map<string, { readonly until: number; times: number }>();

  constructor(private readonly connection: Connection) {}

  /** A line about a channel, as far as it is not one too many. Callers are told apart by label, which outlives a connection. */
  error(channel: string, label: string | undefined, what: string, ...details: unknown[]): void {
    const times = this.#count(`${channel} ${label ?? ''}`);
    if (times > LINES_FIRST && (times & (times - 1)) !== 0) return;
    const often = times > LINES_FIRST ? ` (${times} times within a minute)` : '';
    this.connection.logger.error(`portcullis: ${channel} ${what}${often}`, ...details);
  }

  #count(key: string): number {
    const now = this.connection.now();
    const known = this.#counts.get(key);
    if (known !== undefined && now < known.until) return (known.times += 1);
    // Whoever makes so many is not told apart any more.
    if (this.#counts.size >= KEYS_MAX) this.#counts.clear();
    this.#counts.set(key, { until: now + MINUTE_MS, times: 1 });
    return 1;
  }
}
