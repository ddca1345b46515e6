/** One window of the registry: what is known of it, and the events of Electron's by which that changes. */
import type { WindowInfo, WindowPhase, WindowsPublisher } from '../../generated/index.js';
import type { AttachedContents } from '../contents.js';
import { clip } from '../judge.js';
import type { EmitterParts, WindowParts } from '../parts.js';

/** Bytes of a title and of a problem that the contract takes. */
const TITLE_BYTES_MAX = 256;
const REASON_BYTES_MAX = 512;
/** How long a title is kept to itself after another one was told, in milliseconds: a page may change it in a loop. */
export const TITLE_PAUSE_MS = 100;

/** The events of the contract; each is told with the window as it is then. */
export type WindowEvent = Exclude<keyof WindowsPublisher, 'windows' | `${string}Reported`>;

/** What the registry is told. */
export type Tell = (window: Tracked, event: WindowEvent | undefined) => void;

/** Cuts text to so many bytes of UTF-8. */
export function cut(text: string, bytesMax: number): string {
  const bytes = new TextEncoder().encode(text.toWellFormed());
  if (bytes.length <= bytesMax) return text.toWellFormed();
  // A character that was cut in two goes as a whole.
  return new TextDecoder().decode(bytes.subarray(0, bytesMax)).replace(/\ufffd+$/, '');
}

/** A window that is open, or about to be. */
export class Tracked {
  info: WindowInfo;
  #loads = 0;
  #over = false;
  /** Runs while a title was told that short ago. */
  #titlePause: NodeJS.Timeout | undefined;
  #latestTitle: unknown;
  readonly #listeners: [from: EmitterParts, event: string, listener: (...args: any[]) => void][] = [];

  constructor(
    readonly label: string,
    kind: string,
    role: string,
    private readonly tell: Tell,
  ) {
    this.info = {
      label,
      kind,
      role,
      title: null,
      phase: 'opening',
      since: Date.now(),
      connected: false,
      focused: false,
      hidden: false,
      unresponsive: false,
      reloads: 0,
      problem: null,
    };
  }

  window: WindowParts | undefined;

  /** Its window is there, and attached. */
  begin(window: WindowParts, attached: AttachedContents): void {
    this.window = window;
    const contents = window.webContents;
    attached.watcher = {
      connected: () => this.change({ connected: true }),
      disconnected: () => this.change({ connected: false }),
    };
    this.#on(window, 'closed', () => this.end());
    this.#on(window, 'focus', () => this.change({ focused: true }, 'focused'));
    this.#on(window, 'blur', () => this.change({ focused: false }));
    this.#on(window, 'show', () => this.#shown());
    this.#on(window, 'restore', () => this.#shown());
    this.#on(window, 'hide', () => this.#hidden());
    this.#on(window, 'minimize', () => this.#hidden());
    this.#on(window, 'unresponsive', () => this.change({ unresponsive: true }, 'unresponsive'));
    this.#on(window, 'responsive', () => this.#responsive());
    this.#on(window, 'page-title-updated', (_event, title) => this.#titled(title));
    this.#on(contents, 'will-prevent-unload', () => {
      if (this.info.phase === 'closing') this.#enter('open');
    });
    this.#on(contents, 'render-process-gone', (_event, details) => {
      const problem = cut(`the renderer process is gone (${clip(String(details?.reason ?? 'unknown'))})`, REASON_BYTES_MAX);
      this.#enter('crashed', { problem }, 'crashed');
    });
    this.#on(contents, 'did-frame-navigate', (_event, _url, _code, _status, isMainFrame) => {
      if (isMainFrame === true) this.#loaded();
    });
    if (window.isVisible()) this.#shown();
    this.change({ focused: window.isFocused(), title: this.#title(window.getTitle?.()) });
  }

  /** It was asked to close. */
  closing(): void {
    if (this.info.phase !== 'closed') this.#enter('closing');
  }

  /** It is gone; or it never came, which whoever asked for it is told and nobody else. */
  end(came = true): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#titlePause);
    for (const [from, event, listener] of this.#listeners.splice(0)) from.removeListener(event, listener);
    this.info = { ...this.info, phase: 'closed', connected: false, focused: false, since: Date.now() };
    this.tell(this, came ? 'closed' : undefined);
  }

  change(fields: Partial<WindowInfo>, event?: WindowEvent): void {
    if (this.#over) return;
    this.info = { ...this.info, ...fields };
    this.tell(this, event);
  }

  #enter(phase: WindowPhase, fields: Partial<WindowInfo> = {}, event?: WindowEvent): void {
    this.change({ ...fields, phase, since: Date.now() }, event);
  }

  #shown(): void {
    if (this.info.phase === 'opening') this.#enter('open', { hidden: false }, 'opened');
    else if (this.info.hidden) this.change({ hidden: false }, 'shown');
  }

  #hidden(): void {
    if (!this.info.hidden) this.change({ hidden: true, focused: false }, 'hidden');
  }

  #responsive(): void {
    if (this.info.unresponsive) this.change({ unresponsive: false }, 'responsive');
  }

  /** The first document is no reload. */
  #loaded(): void {
    this.#loads += 1;
    if (this.#loads === 1) return;
    const again = { reloads: this.info.reloads + 1, unresponsive: false, problem: null };
    if (this.info.phase === 'crashed') this.#enter('open', again, 'reloaded');
    else this.change(again, 'reloaded');
  }

  /** Every change of a title is told to all who watch windows; the last of many, sooner or later. */
  #titled(title: unknown): void {
    this.#latestTitle = title;
    if (this.#titlePause !== undefined) return;
    const told = this.#title(title);
    if (told === this.info.title) return;
    this.change({ title: told });
    this.#titlePause = setTimeout(() => {
      this.#titlePause = undefined;
      this.#titled(this.#latestTitle);
    }, TITLE_PAUSE_MS);
    this.#titlePause.unref();
  }

  #title(title: unknown): string | null {
    return typeof title === 'string' ? cut(title, TITLE_BYTES_MAX) : null;
  }

  #on(from: EmitterParts, event: string, listener: (...args: any[]) => void): void {
    this.#listeners.push([from, event, listener]);
    from.on(event, listener);
  }
}
