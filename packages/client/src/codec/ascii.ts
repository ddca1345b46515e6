/**
 * Short texts without `TextDecoder`, whose call costs more than all of their bytes. `String.fromCharCode` with the exact
 * number of arguments makes a flat string in one step; adding up characters makes a rope that is flattened later.
 */
const text = String.fromCharCode;

/** The longest text that is read here. Beyond it `TextDecoder` is faster (docs/decisions/typescript-codec.md). */
export const ASCII_BYTES_MAX = 24;

const WHOLE = 16;

/** The text of `length` bytes at `at`, or `undefined` when they are not all ASCII. */
export function ascii(b: Uint8Array, at: number, length: number): string | undefined {
  if (length > WHOLE) {
    const head = short(b, at, WHOLE);
    const tail = short(b, at + WHOLE, length - WHOLE);
    return head === undefined || tail === undefined ? undefined : head + tail;
  }
  return short(b, at, length);
}

/** By length, as `text` is fastest with exactly as many arguments. Every byte is read once and tested with the rest. */
// prettier-ignore
function short(b: Uint8Array, i: number, length: number): string | undefined {
  switch (length) {
    case 0:
      return '';
    case 1: {
      const a = b[i]!;
      return a > 127 ? undefined : text(a);
    }
    case 2: {
      const a = b[i]!, c = b[i + 1]!;
      return (a | c) > 127 ? undefined : text(a, c);
    }
    case 3: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!;
      return (a | c | d) > 127 ? undefined : text(a, c, d);
    }
    case 4: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!;
      return (a | c | d | e) > 127 ? undefined : text(a, c, d, e);
    }
    case 5: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!;
      return (a | c | d | e | f) > 127 ? undefined : text(a, c, d, e, f);
    }
    case 6: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!;
      return (a | c | d | e | f | g) > 127 ? undefined : text(a, c, d, e, f, g);
    }
    case 7: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!;
      return (a | c | d | e | f | g | h) > 127 ? undefined : text(a, c, d, e, f, g, h);
    }
    case 8: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!;
      return (a | c | d | e | f | g | h | j) > 127 ? undefined : text(a, c, d, e, f, g, h, j);
    }
    case 9: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!;
      return (a | c | d | e | f | g | h | j | k) > 127 ? undefined : text(a, c, d, e, f, g, h, j, k);
    }
    case 10: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!;
      return (a | c | d | e | f | g | h | j | k | l) > 127 ? undefined : text(a, c, d, e, f, g, h, j, k, l);
    }
    case 11: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!;
      return (a | c | d | e | f | g | h | j | k | l | m) > 127 ? undefined : text(a, c, d, e, f, g, h, j, k, l,
        m);
    }
    case 12: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!, n = b[i + 11]!;
      return (a | c | d | e | f | g | h | j | k | l | m | n) > 127 ? undefined : text(a, c, d, e, f, g, h, j, k,
        l, m, n);
    }
    case 13: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!, n = b[i + 11]!, o = b[i + 12]!;
      return (a | c | d | e | f | g | h | j | k | l | m | n | o) > 127 ? undefined : text(a, c, d, e, f, g, h,
        j, k, l, m, n, o);
    }
    case 14: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!, n = b[i + 11]!, o = b[i + 12]!,
        p = b[i + 13]!;
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p) > 127 ? undefined : text(a, c, d, e, f, g,
        h, j, k, l, m, n, o, p);
    }
    case 15: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!, n = b[i + 11]!, o = b[i + 12]!,
        p = b[i + 13]!, q = b[i + 14]!;
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p | q) > 127 ? undefined : text(a, c, d, e, f,
        g, h, j, k, l, m, n, o, p, q);
    }
    case 16: {
      const a = b[i]!, c = b[i + 1]!, d = b[i + 2]!, e = b[i + 3]!, f = b[i + 4]!, g = b[i + 5]!, h = b[i + 6]!,
        j = b[i + 7]!, k = b[i + 8]!, l = b[i + 9]!, m = b[i + 10]!, n = b[i + 11]!, o = b[i + 12]!,
        p = b[i + 13]!, q = b[i + 14]!, r = b[i + 15]!;
      return (a | c | d | e | f | g | h | j | k | l | m | n | o | p | q | r) > 127 ? undefined : text(a, c, d,
        e, f, g, h, j, k, l, m, n, o, p, q, r);
    }
    default:
      return undefined;
  }
}
