/** The built-in types of a contract that are more than a number: moments, durations, UUIDs, JSON and URLs. */
import { fail } from './error.js';
import { checkJson } from './json.js';
import type { Reader } from './reader.js';
import { notA, type Writer } from './writer.js';

const MICROS_PER_MS = 1000;
/** The greatest moment and duration: 2^53 − 1 microseconds. */
const MS_MAX = Number.MAX_SAFE_INTEGER / MICROS_PER_MS;

/** Whole microseconds; fails outside of `min` to `MS_MAX`. */
function micros(ms: number, min: number): number {
  if (typeof ms !== 'number') {
    notA('number', ms);
  }
  if (!(ms >= min && ms <= MS_MAX)) {
    fail('out_of_range');
  }
  const rounded = Math.round(ms * MICROS_PER_MS);
  // At the ends the multiplication may round beyond what the division came from.
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, rounded));
}

/** Milliseconds since 1970-01-01T00:00:00Z, as `Date.now()` has them; microseconds are the fraction. */
export function readTimestamp(input: Reader): number {
  return input.safe() / MICROS_PER_MS;
}

/** Milliseconds since 1970-01-01T00:00:00Z; what is finer than a microsecond is rounded. */
export function writeTimestamp(out: Writer, ms: number): void {
  out.safe(micros(ms, -MS_MAX));
}

/** Milliseconds; microseconds are the fraction. */
export function readDuration(input: Reader): number {
  return input.natural() / MICROS_PER_MS;
}

/** Milliseconds; what is finer than a microsecond is rounded. */
export function writeDuration(out: Writer, ms: number): void {
  out.natural(micros(ms, 0));
}

const UUID_BYTES = 16;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function digits(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index++) {
    text += (0x100 + bytes[index]!).toString(16).slice(1);
  }
  return text;
}

/** Lower case, with hyphens. */
export function readUuid(input: Reader): string {
  const b = input.raw(UUID_BYTES);
  const time = `${digits(b, 0, 4)}-${digits(b, 4, 6)}-${digits(b, 6, 8)}`;
  return `${time}-${digits(b, 8, 10)}-${digits(b, 10, UUID_BYTES)}`;
}

/** With hyphens, in either case. */
export function writeUuid(out: Writer, uuid: string): void {
  if (typeof uuid !== 'string') {
    notA('string', uuid);
  }
  if (!UUID.test(uuid)) {
    fail('bad_value', 'this is no UUID');
  }
  const hex = uuid.replaceAll('-', '');
  for (let index = 0; index < UUID_BYTES; index++) {
    out.u8(Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16));
  }
}

/** What the JSON text stands for. */
export function readJson(input: Reader): unknown {
  return checkJson(input.string());
}

/** As `JSON.stringify` writes it; what that cannot write, or leaves out, is refused. */
export function writeJson(out: Writer, value: unknown): void {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    fail('bad_json', error instanceof Error ? error.message : String(error));
  }
  if (text === undefined) {
    fail('bad_json', `${typeof value} has no JSON`);
  }
  checkJson(text);
  out.string(text);
}

/**
 * A drive letter behind the host of a file: not every parser keeps that host, Rust's among them, so that no text of such a
 * URL is the same everywhere.
 */
const DRIVE_BEHIND_HOST = /^file:\/\/[^/]+\/[a-z]:(?:[/?#]|$)/i;

function parseUrl(text: string): string {
  let url: string | undefined;
  try {
    url = new URL(text).href;
  } catch {
    fail('bad_url');
  }
  if (DRIVE_BEHIND_HOST.test(url)) fail('bad_url');
  return url;
}

/** An absolute URL in its serialized form; another spelling of it is refused: one value has one encoding. */
export function readUrl(input: Reader): string {
  const text = input.string();
  if (parseUrl(text) !== text) {
    fail('bad_url');
  }
  return text;
}

/** An absolute URL; it is written in its serialized form. */
export function writeUrl(out: Writer, url: string): void {
  if (typeof url !== 'string') {
    notA('string', url);
  }
  out.string(parseUrl(url));
}
