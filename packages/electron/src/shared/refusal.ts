/** Why a page or process gets no connection, or no longer has one: the table, the error, and its form on a port. */

/** What helps: loading the page again, starting the application again, or a change of the program. */
export type Hint = 'reload' | 'restart' | 'fix';

const HINTS = {
  /** This Electron is older than those that the adapter is checked against. */
  unsupported_electron: 'fix',
  /** The page has no `window.portcullis`: the preload script did not run in it. */
  missing_preload: 'fix',
  /** Node integration is on in the page: nothing would hold it to what its role grants. */
  node_integration: 'fix',
  /** Main was never told of the window that the page is in. */
  not_attached: 'fix',
  /** The page is in a frame inside another page, and main has not opted in its origin. */
  sub_frame: 'fix',
  /** The page's origin is not on the list of its window. */
  origin_not_allowed: 'fix',
  /** The page was navigated away, or destroyed, while it asked. */
  frame_gone: 'reload',
  /** The document has a connection already. */
  second_connect: 'fix',
  /** The request to connect was not made by the preload script of this package. */
  malformed_connect: 'fix',
  /** Something other than bytes came through the port. */
  malformed_message: 'fix',
  /** Page and main, or preload and main, were built with different versions of this package. */
  version_mismatch: 'restart',
  /** Page and main were built with different contracts. */
  contract_mismatch: 'reload',
  /** The hub does not admit the peer: an unknown role, or too many peers. */
  not_admitted: 'fix',
  /** Main has taken back what it granted. */
  revoked: 'fix',
  /** The application quits. */
  quitting: 'restart',
} as const satisfies { readonly [code: string]: Hint };

/** Why there is no connection. */
export type RefusalCode = keyof typeof HINTS;

/** One refusal, as it is logged and as it travels. */
export interface Refusal {
  readonly code: RefusalCode;
  /** What is wrong and what to change, in a sentence or two. */
  readonly message: string;
  readonly hint: Hint;
}

/** The longest message that is taken from a port, in characters. */
const MESSAGE_CHARACTERS_MAX = 2_048;

/** A refusal with the hint that belongs to its code, unless the case has a better one. */
export function refusal(code: RefusalCode, message: string, hint: Hint = HINTS[code]): Refusal {
  return { code, message, hint };
}

/** A connection that was refused, or taken back. */
export class ConnectRefused extends Error {
  readonly code: RefusalCode;
  readonly hint: Hint;

  constructor({ code, message, hint }: Refusal) {
    super(`portcullis (${code}): ${message} [${hint}]`);
    this.name = 'ConnectRefused';
    this.code = code;
    this.hint = hint;
  }
}

/** How a refusal travels through a port. */
export function toWire(refused: Refusal): object {
  return { portcullis: 'refused', code: refused.code, message: refused.message, hint: refused.hint };
}

/** Reads what `toWire` wrote; undefined for anything else. */
export function fromWire(data: unknown): Refusal | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { portcullis, code, message, hint } = data as { readonly [name: string]: unknown };
  if (portcullis !== 'refused' || typeof code !== 'string' || !Object.hasOwn(HINTS, code)) return undefined;
  if (typeof message !== 'string' || (hint !== 'reload' && hint !== 'restart' && hint !== 'fix')) return undefined;
  return { code: code as RefusalCode, message: message.slice(0, MESSAGE_CHARACTERS_MAX), hint };
}
