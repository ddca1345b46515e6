/** Errors of the hub in this process. Those of calls are `@portcullis/client`'s. */

/** What is wrong; the message says what to do about it. */
export type HubErrorCode =
  | 'ERR_PORTCULLIS_CONFIG'
  | 'ERR_PORTCULLIS_POLICY'
  | 'ERR_PORTCULLIS_GRANT'
  | 'ERR_PORTCULLIS_SCHEMA'
  | 'ERR_PORTCULLIS_SERVICES'
  | 'ERR_PORTCULLIS_CLOSED'
  | 'ERR_PORTCULLIS_UNKNOWN_ROLE'
  | 'ERR_PORTCULLIS_LABEL'
  | 'ERR_PORTCULLIS_FULL'
  | 'ERR_PORTCULLIS_USER'
  | 'ERR_PORTCULLIS_USER_BUDGET'
  | 'ERR_PORTCULLIS_QUITTING'
  | 'ERR_PORTCULLIS_NOT_BYTES'
  | 'ERR_PORTCULLIS_SHARED_BUFFER'
  | 'ERR_PORTCULLIS_DETACHED_BUFFER'
  | 'ERR_PORTCULLIS_PANICKED'
  | 'ERR_PORTCULLIS_NODE'
  | 'ERR_PORTCULLIS_ADDON';

/** Something that the hub refuses. */
export class HubError extends Error {
  override name = 'HubError';

  constructor(
    readonly code: HubErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A peer that is not admitted: there is no such role, its label or user is too long, its user has as many connections as it may, or the hub takes no more. */
export class AdmitError extends HubError {
  override name = 'AdmitError';
}

/** An addon that was looked for. */
export interface Attempt {
  /** Where: a path, or the name of a package. */
  readonly path: string;
  /** Why it was not that one. */
  readonly why: string;
}

/** The addon cannot be loaded. */
export class AddonLoadError extends HubError {
  override name = 'AddonLoadError';

  constructor(
    /** Everything that was tried, in order. */
    readonly tried: readonly Attempt[],
    hint: string,
    options?: ErrorOptions,
  ) {
    const list = tried.map(({ path, why }) => `\n  ${path}: ${why}`).join('');
    super('ERR_PORTCULLIS_ADDON', `the addon of Portcullis cannot be loaded. Tried, in this order:${list}\n${hint}`, options);
  }
}

const ADMISSION: readonly string[] = [
  'ERR_PORTCULLIS_UNKNOWN_ROLE',
  'ERR_PORTCULLIS_LABEL',
  'ERR_PORTCULLIS_FULL',
  'ERR_PORTCULLIS_USER',
  'ERR_PORTCULLIS_USER_BUDGET',
  'ERR_PORTCULLIS_QUITTING',
];

/** Runs a call of the addon's, and types what it throws. */
export function typed<T>(call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as { code?: unknown; message?: unknown };
    if (typeof code !== 'string' || !code.startsWith('ERR_PORTCULLIS_')) throw error;
    const Kind = ADMISSION.includes(code) ? AdmitError : HubError;
    throw new Kind(code as HubErrorCode, String(message));
  }
}
