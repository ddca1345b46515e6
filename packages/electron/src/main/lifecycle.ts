/**
 * `portcullis.application`: the phases of the application's life, and its end. Quitting tells the peers, waits within a bound for those
 * that hold it, lets the hub drain, and only then lets Electron quit.
 */
import { ApplicationError, type DeliveryReport } from '@portcullis/client';
import type { ApplicationHandlers, ApplicationPhase, ApplicationPublisher, QuitError } from '../generated/index.js';
import type { HubLike } from './hub.js';
import { clip } from './judge.js';
import type { AdapterLogger, Reporter } from './log.js';
import type { AppParts, EmitterParts } from './parts.js';

/** How long peers have to finish when nothing is said, in milliseconds. */
export const QUIT_GRACE_MS = 3_000;
/** The longest part of it that is spent on telling them. */
const TELL_MS_MAX = 1_000;
/** Peers that may hold the end at once. */
const HOLDERS_MAX = 4_096;
/** Stands for all callers that this side is not told of: none of them lets go for the others, so that their hold lasts until the grace is over. */
const SOMEBODY = 0;
const NOT_TOLD = 'a peer holds the end, and main is not told who calls: nobody can let go of it; give the role main sees-callers';

/** How the application quits. */
export interface QuitOptions {
  /** How long peers have to finish, in milliseconds; 3,000 when absent. */
  readonly graceMs?: number | undefined;
  /** Asked before anything is ended, and before a peer's `quit` is granted: a sentence why not keeps the application running. */
  readonly mayQuit?: (() => Promise<string | undefined> | string | undefined) | undefined;
  /** Whether `before-quit` waits for the peers. It does unless it is false; then the application calls `quit` itself. */
  readonly onBeforeQuit?: boolean | undefined;
}

/** Wakes after a while, or when it is told to. */
interface Wait {
  readonly over: Promise<void>;
  wake(): void;
}

function wait(ms: number): Wait {
  let wake = () => {};
  const over = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  return { over, wake };
}

/** The one life of the application. */
export class Lifecycle {
  phase: ApplicationPhase = { type: 'starting' };
  /** Set once the interface is served. */
  publisher: ApplicationPublisher | undefined;
  /** Who holds the end, by number, and why. */
  readonly #holders = new Map<number, string>();
  #holding: Wait | undefined;
  #ending: Promise<void> | undefined;
  #asking: Promise<string | undefined> | undefined;
  #over = false;
  readonly #listeners: [from: EmitterParts, event: string, listener: (...args: any[]) => void][] = [];

  constructor(
    private readonly app: AppParts,
    power: EmitterParts,
    private readonly hub: HubLike,
    private readonly options: QuitOptions,
    private readonly logger: AdapterLogger,
    private readonly reporter: Pick<Reporter, 'failed' | 'warned'>,
  ) {
    this.#on(power, 'suspend', () => this.enter({ type: 'suspending' }));
    this.#on(power, 'resume', () => this.enter({ type: 'resumed' }));
    if (options.onBeforeQuit !== false) this.#on(app, 'before-quit', (event) => this.#beforeQuit(event));
  }

  /** What peers may ask of it. */
  readonly handlers: ApplicationHandlers = {
    quit: async () => {
      if (this.#ending !== undefined) throw refused({ type: 'quitting' });
      const why = await this.#mayQuit();
      if (why !== undefined) throw refused({ type: 'refused', reason: why });
      // The answer leaves first.
      setImmediate(() => void this.quit());
    },
    hold: (reason, { caller }) => {
      if (this.#ending !== undefined) throw refused({ type: 'quitting' });
      if (this.#holders.size >= HOLDERS_MAX) this.#forgetGone();
      if (this.#holders.size >= HOLDERS_MAX) throw refused({ type: 'refused', reason: 'too many hold it already' });
      if (caller === undefined) this.reporter.warned('hold', NOT_TOLD);
      this.#holders.set(caller?.peer ?? SOMEBODY, reason);
    },
    // Whoever it is that lets go: a hold that cannot be told from others' must not end with it.
    release: ({ caller }) => this.left(caller?.peer),
  };

  /** The next phase. Nothing follows `quitting`. */
  enter(phase: ApplicationPhase): void {
    if (this.phase.type === 'quitting') return;
    this.phase = phase;
    this.publisher?.phase(phase);
  }

  /** Ends what peers do, within `graceMs`, and then the application. Fulfilled when Electron was asked to quit; one end for all callers. */
  quit(graceMs = this.options.graceMs ?? QUIT_GRACE_MS): Promise<void> {
    this.#ending ??= this.#end(graceMs);
    return this.#ending;
  }

  /** A peer has let go, or is gone. */
  left(peer: number | undefined): void {
    if (peer !== undefined) this.#holders.delete(peer);
    if (this.#holding !== undefined && !this.#isHeld()) this.#holding.wake();
  }

  /** Listens no more. */
  dispose(): void {
    for (const [from, event, listener] of this.#listeners.splice(0)) from.removeListener(event, listener);
  }

  /** When nobody is left, there is nobody to wait for. */
  #isHeld(): boolean {
    this.#forgetGone();
    return this.#holders.size > 0 && this.hub.peers?.().every(({ kind }) => kind === 'main') !== true;
  }

  /** A call may be at work whose caller has left meanwhile: what it holds is not told of again. */
  #forgetGone(): void {
    const here = this.hub.peers?.().map(({ peer }) => peer);
    if (here === undefined) return;
    const known = new Set([SOMEBODY, ...here]);
    for (const peer of this.#holders.keys()) if (!known.has(peer)) this.#holders.delete(peer);
  }

  async #end(graceMs: number): Promise<void> {
    const until = performance.now() + graceMs;
    const left = () => Math.max(0, until - performance.now());
    try {
      await this.#tell({ type: 'quitting', graceMs }, Math.min(graceMs, TELL_MS_MAX));
      if (this.#isHeld()) {
        this.#holding = wait(left());
        await this.#holding.over;
        for (const reason of this.#holders.values()) this.logger.warn(`portcullis: the end no longer waits for: ${clip(reason)}`);
      }
      await this.hub.shutdown(Math.round(left()));
    } catch (error) {
      this.logger.error('portcullis: quitting goes on although something went wrong', error);
    }
    this.#over = true;
    this.dispose();
    this.app.quit();
  }

  /** Publishes the last phase, and logs who did not hear of it. */
  async #tell(phase: ApplicationPhase & { readonly type: 'quitting' }, withinMs: number): Promise<void> {
    this.phase = phase;
    const { publisher } = this;
    if (publisher === undefined) return;
    const outcome = await publisher.phaseReported(phase, withinMs).result;
    if (!outcome.ok) return this.logger.warn('portcullis: peers could not be told of the end', outcome.error);
    const { missed }: DeliveryReport = outcome.value;
    if (missed.length > 0) this.logger.warn(`portcullis: not told of the end: ${missed.map(({ label, why }) => `${label} (${why})`).join(', ')}`);
  }

  #beforeQuit(event: { readonly defaultPrevented?: boolean; preventDefault(): void }): void {
    // The second time round, everything is done; and when another listener has stopped it, nothing is begun.
    if (this.#over || event.defaultPrevented === true) return;
    event.preventDefault();
    if (this.#ending !== undefined) return;
    void this.#mayQuit().then((why) => (why === undefined ? this.quit() : this.logger.warn(`portcullis: the application does not quit: ${why}`)));
  }

  /** One question at a time, however often it is asked meanwhile. */
  #mayQuit(): Promise<string | undefined> {
    const asked = async () => {
      try {
        return await this.options.mayQuit?.();
      } catch (error) {
        this.reporter.failed('mayQuit', 'mayQuit threw, which keeps nobody from quitting', error);
        return undefined;
      }
    };
    this.#asking ??= asked().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  #on(from: EmitterParts, event: string, listener: (...args: any[]) => void): void {
    this.#listeners.push([from, event, listener]);
    from.on(event, listener);
  }
}

function refused(error: QuitError): ApplicationError<QuitError> {
  return new ApplicationError(error);
}
