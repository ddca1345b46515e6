/**
 * Why a value could not be written or read, and where in it. The kinds and the syntax of the path are those of
 * `docs/protocol.md`, section 2, and of the Rust codec.
 */
import type { ErrorKind } from '../generated/tables.js';

/** A value that breaks its contract: what is wrong, and the path of the field. */
export class CodecError extends Error {
  readonly kind: ErrorKind;
  /** More about it, in words; empty when the kind says it all. */
  readonly detail: string;
  #path = '';

  constructor(kind: ErrorKind, detail = '') {
    super();
    this.name = 'CodecError';
    this.kind = kind;
    this.detail = detail;
  }

  /** Where it is: `formats[3].width`; empty when it is the body itself. */
  get path(): string {
    return this.#path;
  }

  override get message(): string {
    const path = this.#path === '' ? '' : `${this.#path}: `;
    return `${path}${this.kind}${this.detail === '' ? '' : ` (${this.detail})`}`;
  }

  /** Adds the level that holds the value: a name, `[3]`, `{key 2}` or `{2}`. */
  prepend(segment: string): this {
    const rest = this.#path;
    const joined = rest === '' || segment === '' || rest[0] === '[' || rest[0] === '{';
    this.#path = joined ? segment + rest : `${segment}.${rest}`;
    return this;
  }
}

/** Throws the error of the value at hand; the levels above add where it is. */
export function fail(kind: ErrorKind, detail?: string): never {
  throw new CodecError(kind, detail);
}

/** For a level that reads: adds where the value is. Anything but a `CodecError` is a fault of the codec itself. */
export function within(error: unknown, segment: string): unknown {
  return error instanceof CodecError ? error.prepend(segment) : error;
}

/**
 * For a level that writes: adds where the value is. What is not a `CodecError` came from a value of another type than
 * the contract's (a missing object, a throwing getter).
 */
export function refused(error: unknown, segment: string): CodecError {
  if (error instanceof CodecError) {
    return error.prepend(segment);
  }
  const detail = error instanceof Error ? error.message : String(error);
  return new CodecError('bad_value', detail).prepend(segment);
}
