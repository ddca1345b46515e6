/** Origins, parsed and compared exactly: no prefix, no suffix, no pattern. */

/**
 * The origin of an address: scheme, host and port. Undefined for what has none: `about:blank`, `data:`, `null`, the empty text, what
 * cannot be parsed. An address of a custom scheme has one (`app://studio`), and `file:` has the one origin `file://`.
 */
export function originOf(address: string): string | undefined {
  const url = parse(address);
  if (url === undefined || url.username !== '' || url.password !== '') return undefined;
  if (url.protocol === 'file:') return url.host === '' ? 'file://' : undefined;
  if (url.host === '' || url.protocol === 'blob:' || url.protocol === 'filesystem:') return undefined;
  return `${url.protocol}//${url.host.toLowerCase()}`;
}

function parse(address: string): URL | undefined {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}

/** The list of origins of a window. Throws `TypeError` for an entry that is no origin. */
export function originList(origins: readonly string[]): ReadonlySet<string> {
  return new Set(
    origins.map((entry) => {
      const origin = originOf(entry);
      const url = parse(entry);
      if (origin === undefined || url === undefined || url.pathname.length > 1 || /[*?#]/.test(entry)) {
        throw new TypeError(`portcullis: "${entry}" is no origin; one looks like app://studio or http://localhost:5173`);
      }
      return origin;
    }),
  );
}
