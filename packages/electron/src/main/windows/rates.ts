/** How often peers may ask for what people notice. Each second gives one back. */

/** Peers that are counted at a time. */
const KEYS_MAX = 1_024;
const SECOND_MS = 1_000;

/** Some at once, and one a second after that, for each label: a peer that connects anew gets no more. */
export class Rates {
  /** When the next one would have to wait no more, were there no burst. */
  readonly #due = new Map<string, number>();

  constructor(private readonly burst: number) {}

  /** Takes one; false when it comes too early. All peers that this side is not told of count as one. */
  take(label = ''): boolean {
    const now = performance.now();
    const due = Math.max(now, this.#due.get(label) ?? 0);
    if (due > now + (this.burst - 1) * SECOND_MS) return false;
    // Whoever makes so many is not told apart any more.
    if (this.#due.size >= KEYS_MAX && !this.#due.has(label)) this.#due.clear();
    this.#due.set(label, due + SECOND_MS);
    return true;
  }
}
