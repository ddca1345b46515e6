/** Puts frames together that a stream transport delivers in pieces. What a frame is, the caller says. */

/** A piece that waits is copied into a buffer of at least this size, in bytes. */
const BUFFER_BYTES_MIN = 4 * 1024;

const NOTHING = new Uint8Array(0);

/** The bytes of a frame that is not whole yet. */
export class Assembler {
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  #length = 0;
  #needed = 0;

  /** What waited and `bytes`, in one view that is good until the next call. */
  join(bytes: Uint8Array): Uint8Array {
    if (this.#length === 0) return bytes;
    const start = this.#length;
    this.#reserve(start + bytes.length);
    this.#buffer.set(bytes, start);
    this.#length = start + bytes.length;
    return this.#buffer.subarray(0, this.#length);
  }

  /** Keeps what of `input`, which `join` gave, begins at `offset`. */
  keep(input: Uint8Array, offset: number, needed: number): void {
    const length = input.length - offset;
    this.#needed = needed;
    if (length === 0) {
      this.#length = 0;
      this.#buffer = NOTHING;
      return;
    }
    if (this.#length > 0 && offset === 0) return;
    this.#length = 0;
    this.#buffer = NOTHING;
    this.#reserve(Math.max(BUFFER_BYTES_MIN, length));
    this.#buffer.set(input.subarray(offset));
    this.#length = length;
  }

  #reserve(length: number): void {
    if (length <= this.#buffer.length) return;
    // A length that is only claimed takes no memory beyond twice of what has come.
    const grown = new Uint8Array(Math.max(length, Math.min(this.#needed, length * 2)));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}
