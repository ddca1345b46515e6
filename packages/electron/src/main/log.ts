/** What the adapter tells: one line for people, one event for programs. */
import type { Refusal } from '../shared/refusal.js';
import { clip } from './judge.js';
import type { PeerEnd } from './port-peer.js';
import type { SupervisorEvent } from './supervisor/process.js';

/** Where lines go; the console when absent. */
export interface AdapterLogger {
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
}

/** Which window or process an event is about. */
export interface Subject {
  /** The id of its `webContents`; undefined for a utility process. */
  readonly webContents?: number | undefined;
  readonly label?: string | undefined;
  /** The origin of its page; `unknown` when it could not be read. */
  readonly origin?: string | undefined;
}

/** What the adapter tells a program. */
export type AdapterEvent =
  | ({ readonly type: 'connected'; readonly peer: number; readonly role: string } & Subject)
  | ({ readonly type: 'ended'; readonly peer: number | undefined; readonly end: PeerEnd } & Subject)
  | ({ readonly type: 'refused'; readonly refused: Refusal } & Subject)
  /** The page is about to leave; everything that is under way goes on, for it may stay after all. */
  | ({ readonly type: 'draining' } & Subject)
  /** It stays. */
  | ({ readonly type: 'stayed' } & Subject)
  /** A navigation or a new window was prevented. */
  | ({ readonly type: 'prevented'; readonly what: 'navigation' | 'window'; readonly url: string } & Subject)
  /** Something has happened to a supervised utility process. */
  | ({ readonly type: 'supervised'; readonly what: SupervisorEvent } & Subject)
  /** The preload script failed in a page. */
  | ({ readonly type: 'preload_failed'; readonly message: string } & Subject);

/** Refusals of one window, and lines of one kind, that are logged; further ones are only told as events. */
const LINES_MAX = 32;
/** What is logged of a goodbye, which the other side may have written; the protocol's own bound. */
const GOODBYE_CHARACTERS_MAX = 1_024;
/** Windows and kinds of lines that are counted at a time. */
const KEYS_MAX = 1_024;

/** Writes lines, at most so many for each window and kind that a page cannot fill the log. */
export class Reporter {
  readonly #lines = new Map<string, number>();

  constructor(
    readonly logger: AdapterLogger,
    private readonly onEvent: ((event: AdapterEvent) => void) | undefined,
  ) {}

  tell(event: AdapterEvent): void {
    const line = describe(event);
    if (line !== undefined) this.#counted(`${event.webContents ?? event.label} ${event.type}`, () => this.logger.warn(line));
    if (this.onEvent === undefined) return;
    try {
      this.onEvent(event);
    } catch (error) {
      this.failed('onEvent', 'onEvent threw', error);
    }
  }

  /** Something went wrong in main itself over what a peer has asked. Lines about one thing are counted together. */
  failed(about: number | string, what: string, error: unknown): void {
    this.#counted(`${about} failed`, () => this.logger.error(`portcullis: ${what}`, error));
  }

  /** Something that whoever runs the application should know, and that a peer may bring about again and again. */
  warned(about: string, what: string): void {
    this.#counted(`${about} warned`, () => this.logger.warn(`portcullis: ${what}`));
  }

  /** A window is gone, and what was counted for it. */
  forget(webContents: number): void {
    for (const key of this.#lines.keys()) if (key.startsWith(`${webContents} `)) this.#lines.delete(key);
  }

  #counted(key: string, write: () => void): void {
    // Windows that were never attached are never forgotten one by one.
    if (this.#lines.size >= KEYS_MAX) this.#lines.clear();
    const count = (this.#lines.get(key) ?? 0) + 1;
    this.#lines.set(key, count);
    if (count <= LINES_MAX) write();
    if (count === LINES_MAX) this.logger.warn(`portcullis: more of the same are not logged (${key})`);
  }
}

function describe(event: AdapterEvent): string | undefined {
  const where = event.webContents === undefined ? `process "${event.label}"` : `webContents ${event.webContents} at ${event.origin ?? 'unknown'}`;
  switch (event.type) {
    case 'refused':
      return `portcullis: refused ${where} (${event.refused.code}): ${event.refused.message} [${event.refused.hint}]`;
    case 'prevented':
      return `portcullis: prevented a ${event.what} of ${where} to ${event.url}; see restrict in attachWindow()`;
    case 'supervised':
      return describeSupervised(event.what, where);
    case 'preload_failed':
      return `portcullis: the preload script failed in ${where}: ${event.message} [fix]`;
    case 'ended': {
      const { end } = event;
      // How connections end every day is no news.
      if (end.refused === undefined && (end.by !== 'hub' || end.reason === 'closed' || end.reason === 'going_away')) return undefined;
      const hint = end.refused === undefined ? '' : ` [${end.refused.hint}]`;
      return `portcullis: ended ${where} (${end.refused?.code ?? end.reason}): ${clip(end.message, GOODBYE_CHARACTERS_MAX)}${hint}`;
    }
    default:
      return undefined;
  }
}

function describeSupervised(what: SupervisorEvent, where: string): string | undefined {
  if (what.type !== 'exited' && what.type !== 'gave_up') return undefined;
  const { exit } = what;
  const gaveUp = what.type === 'gave_up' ? ` given up after ${what.restarts} restarts:` : '';
  switch (exit.reason) {
    case 'code':
      // How processes end that end well is no news.
      return exit.code === 0 && gaveUp === '' ? undefined : `portcullis: ${where}${gaveUp} exited with code ${exit.code}`;
    case 'killed':
      return exit.why === 'asked' && gaveUp === '' ? undefined : `portcullis: ${where}${gaveUp} killed (${exit.why})`;
    default:
      return `portcullis: ${where}${gaveUp} could not be started: ${clip(String(exit.error))}`;
  }
}
