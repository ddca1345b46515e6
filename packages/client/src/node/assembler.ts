/** Puts frames together that a stream delivers in pieces. What a frame means is the session's business. */

/** A piece that waits is copied into a buffer of at least this size, in bytes. */
const BUFFER_BYTES_MIN = 4 * 1024;

const NOTHING = new Uint8Array(0);

/** The bytes of a frame that is not whole yet. */
export class Assembler {
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  #length = 0;

  /** Hands `take` what has waited and `bytes` in one view, and keeps what it says it has not used. */
  push(bytes: Uint8Array, take: (bytes: Uint8Array) => number): void {
    let input = bytes;
    if (this.#length > 0) {
      const start = this.#length;
      this.#reserve(start + bytes.length);
      this.#buffer.set(bytes, start);
      this.#length = start + bytes.length;
      input = this.#buffer.subarray(0, this.#length);
    }
    const used = take(input);
    const rest = input.length - used;
    if (rest > 0 && used === 0 && input !== bytes) return;
    const kept = input.subarray(used);
    this.#length = 0;
    this.#buffer = NOTHING;
    if (rest === 0) return;
    this.#reserve(Math.max(BUFFER_BYTES_MIN, rest));
    this.#buffer.set(kept);
    this.#length = rest;
  }

  /** A length that is only claimed takes no memory: the buffer is at most twice of what has come. */
  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    const grown = new Uint8Array(Math.max(length, this.#buffer.length * 2));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
