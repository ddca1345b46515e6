/**
 * Keeps one utility process running: forks it, attaches it, watches its `exit`, and asks the rules what follows. The rules are `policy`. Utility
 * processes end with Electron's main process, whatever ends that.
 */
import { ROLLS } from '@portcullis/client';
import type { UtilityParts } from '../parts.js';
import type { PeerEnd } from '../port-peer.js';
import type { AttachedUtility, PeerWatcher, UtilityAttachment } from '../utility.js';
import { type Ending, RESTART_POLICY, type RestartPolicy, Restarts } from './policy.js';

/** What `utilityProcess.fork` returns, as far as a supervisor ends it. */
export interface SupervisedParts extends UtilityParts {
  kill(): boolean;
}

/** A utility process that is to be kept running. */
export interface SupervisedOptions extends UtilityAttachment {
  /** Starts it: `() => utilityProcess.fork(path)`. Called again for each restart. */
  readonly fork: () => SupervisedParts;
  /** The rules of restarts; what is not said is as in `RESTART_POLICY`. */
  readonly policy?: Partial<RestartPolicy> | undefined;
  /** How long it has to connect before it is killed, in milliseconds; 10,000 when absent. */
  readonly readyWithinMs?: number | undefined;
  /** How long it has to end once its connection has ended, and again once it was asked to by `kill()`, in milliseconds; 1,000 when absent. */
  readonly leaveMs?: number | undefined;
}

/** How a utility process has ended. */
export type UtilityExit =
  /** With this code. */
  | { readonly reason: 'code'; readonly code: number; readonly end: PeerEnd | undefined }
  /** The supervisor has killed it: it did not connect in time, its connection had ended and it stayed, it did not stop, or main asked for it. */
  | { readonly reason: 'killed'; readonly why: 'not_ready' | 'staying' | 'not_stopping' | 'asked'; readonly code: number; readonly end: PeerEnd | undefined }
  /** `fork` threw, or what it returned could not be attached. */
  | { readonly reason: 'not_started'; readonly error: unknown };

/** What has happened to a supervised process. */
export type SupervisorEvent =
  | { readonly type: 'started'; readonly pid: number | undefined }
  /** It has connected. */
  | { readonly type: 'ready'; readonly peer: number; readonly afterMs: number }
  | { readonly type: 'exited'; readonly exit: UtilityExit }
  | { readonly type: 'restarting'; readonly afterMs: number; readonly restarts: number }
  /** It will not be started again, although it should run. */
  | { readonly type: 'gave_up'; readonly exit: UtilityExit; readonly restarts: number };

/** What a supervised process is doing. Nothing follows `ended` and `gave_up`. */
export type SupervisedPhase = 'starting' | 'ready' | 'stopping' | 'waiting' | 'ended' | 'gave_up';

/** What a process is started and ended by. */
export interface SupervisedWorld {
  attach(child: SupervisedParts, watcher: PeerWatcher): AttachedUtility;
  tell(event: SupervisorEvent): void;
  /** Main is about to end: nothing is started again. */
  isQuitting(): boolean;
  /** Kills for good, where `kill()` only asks. */
  kill(pid: number): void;
  roll(): number;
}

const READY_WITHIN_MS = 10_000;
const LEAVE_MS = 1_000;

interface Run {
  readonly child: SupervisedParts;
  readonly began: number;
  attachment?: AttachedUtility;
  readyAt?: number;
  end?: PeerEnd;
  killed?: 'not_ready' | 'staying' | 'not_stopping' | 'asked';
  /** What makes it end, step by step. */
  timer?: ReturnType<typeof setTimeout> | undefined;
}

/** A utility process that is kept running. */
export class SupervisedUtility {
  readonly #restarts: Restarts;
  readonly #readyWithinMs: number;
  readonly #leaveMs: number;
  #phase: SupervisedPhase = 'starting';
  #count = 0;
  #run: Run | undefined;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #exit: UtilityExit | undefined;
  #stopped = false;
  readonly #ended: Promise<UtilityExit | undefined>;
  #resolve: (exit: UtilityExit | undefined) => void = () => {};

  /** Use `superviseUtility`. */
  constructor(
    private readonly options: SupervisedOptions,
    private readonly world: SupervisedWorld,
  ) {
    this.#restarts = new Restarts({ ...RESTART_POLICY, ...options.policy });
    this.#readyWithinMs = options.readyWithinMs ?? READY_WITHIN_MS;
    this.#leaveMs = options.leaveMs ?? LEAVE_MS;
    this.#ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#start();
  }

  get label(): string {
    return this.options.label;
  }

  /** What it is doing. */
  get phase(): SupervisedPhase {
    return this.#phase;
  }

  /** How often it was started again. */
  get restarts(): number {
    return this.#count;
  }

  /** The number of its peer, while it is connected. */
  get peer(): number | undefined {
    return this.#run?.attachment?.peer;
  }

  /** How it has ended last. */
  get exit(): UtilityExit | undefined {
    return this.#exit;
  }

  /** Fulfilled when nothing follows, with how it has ended last. */
  get ended(): Promise<UtilityExit | undefined> {
    return this.#ended;
  }

  /** Kills its process, as a crash would; what follows is what follows a crash. False while there is none. */
  kill(): boolean {
    const run = this.#run;
    if (run === undefined) return false;
    this.#kill(run, 'asked');
    return true;
  }

  /** Stops it within a bound: it is told, then asked, then killed. */
  stop(): Promise<UtilityExit | undefined> {
    if (this.#stopped) return this.#ended;
    this.#stopped = true;
    clearTimeout(this.#waiting);
    const run = this.#run;
    if (run === undefined) {
      if (this.#phase !== 'gave_up') this.#finish('ended');
      return this.#ended;
    }
    this.#phase = 'stopping';
    run.attachment?.leave();
    this.#ask(run, 'not_stopping');
    return this.#ended;
  }

  #start(): void {
    this.#phase = 'starting';
    const began = performance.now();
    let child: SupervisedParts;
    try {
      child = this.options.fork();
    } catch (error) {
      return this.#over({ reason: 'not_started', error }, 0, 'abnormal');
    }
    const run: Run = { child, began };
    this.#run = run;
    // Before it is attached: what it exits with is told to the peer's end and to this, in any order.
    const onExit = (code: number) => {
      child.removeListener('exit', onExit);
      this.#exited(run, code);
    };
    child.on('exit', onExit);
    this.world.tell({ type: 'started', pid: child.pid });
    run.timer = setTimeout(() => this.#kill(run, 'not_ready'), this.#readyWithinMs);
    try {
      run.attachment = this.#attach(run);
    } catch (error) {
      clearTimeout(run.timer);
      this.#run = undefined;
      child.kill();
      return this.#over({ reason: 'not_started', error }, 0, 'abnormal');
    }
  }

  #attach(run: Run): AttachedUtility {
    return this.world.attach(run.child, {
      connected: (peer) => {
        clearTimeout(run.timer);
        run.readyAt = performance.now();
        if (this.#phase === 'starting') this.#phase = 'ready';
        this.world.tell({ type: 'ready', peer, afterMs: run.readyAt - run.began });
      },
      ended: (end) => {
        run.end = end;
        // It has gone, or is being made to.
        if (this.#run !== run || end.by === 'exit' || this.#stopped || run.killed !== undefined) return;
        // After a breach of the protocol nothing good is to be expected of it.
        if (end.by === 'refused') return this.#kill(run, 'staying');
        this.#ask(run, 'staying');
      },
    });
  }

  /** It may end by itself, then it is asked, then it is killed. */
  #ask(run: Run, why: 'staying' | 'not_stopping'): void {
    clearTimeout(run.timer);
    run.timer = setTimeout(() => {
      run.killed = why;
      run.child.kill();
      run.timer = setTimeout(() => this.#kill(run, why), this.#leaveMs);
    }, this.#leaveMs);
  }

  #kill(run: Run, why: NonNullable<Run['killed']>): void {
    clearTimeout(run.timer);
    run.killed ??= why;
    // Without a number it was never there, or is gone.
    if (run.child.pid === undefined) run.child.kill();
    else this.world.kill(run.child.pid);
  }

  #exited(run: Run, code: number): void {
    if (this.#run !== run) return;
    clearTimeout(run.timer);
    this.#run = undefined;
    const { end, killed } = run;
    const exit: UtilityExit = killed === undefined ? { reason: 'code', code, end } : { reason: 'killed', why: killed, code, end };
    const readyMs = run.readyAt === undefined ? 0 : performance.now() - run.readyAt;
    this.#over(exit, readyMs, endingOf(exit));
  }

  /** A run is over. */
  #over(exit: UtilityExit, readyMs: number, ending: Ending): void {
    this.#exit = exit;
    this.world.tell({ type: 'exited', exit });
    const asked = this.#stopped || this.world.isQuitting();
    const decision = this.#restarts.ended(performance.now(), readyMs, asked ? 'asked' : ending, this.world.roll());
    switch (decision.then) {
      case 'rest':
        return this.#finish('ended');
      case 'give_up':
        this.world.tell({ type: 'gave_up', exit, restarts: this.#count });
        return this.#finish('gave_up');
      default: {
        this.#phase = 'waiting';
        this.#count += 1;
        const { afterMs } = decision;
        this.world.tell({ type: 'restarting', afterMs, restarts: this.#count });
        // Whoever is told may have stopped it.
        if (this.#stopped) return this.#finish('ended');
        this.#waiting = setTimeout(() => (this.world.isQuitting() ? this.#finish('ended') : this.#start()), afterMs);
      }
    }
  }

  #finish(phase: 'ended' | 'gave_up'): void {
    this.#phase = phase;
    this.#resolve(this.#exit);
  }
}

/** What the rules make of an end. */
function endingOf(exit: UtilityExit): Ending {
  if (exit.reason === 'not_started') return 'abnormal';
  switch (exit.end?.reason) {
    case 'contract_mismatch':
    case 'version_mismatch':
      return 'hopeless';
    case 'revoked':
    case 'going_away':
      return 'asked';
    default:
      return exit.reason === 'code' && exit.code === 0 ? 'normal' : 'abnormal';
  }
}

/** Chance, for waits: nothing secret hangs on it. */
export function roll(): number {
  return Math.floor(Math.random() * ROLLS);
}
