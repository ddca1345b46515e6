/** The words that main, preload, page and utility process have to agree on. The wire between client and hub is not among them. */

/** The version of the agreement in this file; main refuses a page or preload that was built with another one. */
export const ADAPTER_PROTOCOL = 1;
/** The channel of `ipcRenderer.postMessage` on which a preload asks main for a connection. */
export const CONNECT_CHANNEL = 'portcullis:connect';
/** The property of `window` that the preload exposes. */
export const API = 'portcullis';
/** The id under which main registers its preload script. */
export const PRELOAD_ID = 'portcullis';
/** The oldest Electron that this adapter is checked against. */
export const ELECTRON_MAJOR_MIN = 41;
/** The longest name of a contract's build, in characters. */
export const CONTRACT_CHARACTERS_MAX = 64;

/** What a page gives the preload: the page's version of this file, 16 random bytes, and the build of its contract, if it names one. */
const TOKEN = /^v([1-9]\d{0,4}):([0-9a-f]{32}):([\w.-]{0,64})$/;
const CONTRACT = /^[\w.-]{0,64}$/;

/** Whether `text` may name the build of a contract. */
export function isContract(text: string): boolean {
  return CONTRACT.test(text);
}

/** One token for one connection. */
export function makeToken(contract: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const nonce = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return `v${ADAPTER_PROTOCOL}:${nonce}:${contract}`;
}

/** What a token says; undefined when it is none. */
export function readToken(token: unknown): { readonly protocol: number; readonly contract: string } | undefined {
  const found = typeof token === 'string' ? TOKEN.exec(token) : null;
  if (found === null) return undefined;
  return { protocol: Number(found[1]), contract: found[3] ?? '' };
}

/** What a preload sends to main, beside the port. */
export interface ConnectRequest {
  /** The page's version of the agreement. */
  readonly protocol: number;
  /** The preload's. */
  readonly preload: number;
  /** The build of the page's contract; empty when it names none. */
  readonly hash: string;
}

/** What main sends to a utility process, beside the port. */
export interface UtilityGreeting {
  readonly portcullis: 'utility';
  readonly protocol: number;
}
