/** Clients that reconnect, over mocks or hubs that a test plays, on fake timers. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import { memoryPair, type ReasonName, reconnecting, type Reconnecting, type ReconnectOptions, type ReconnectState, type Transport } from '../../src/index.js';
import { mock, type Mock } from '../../src/testing/index.js';
import { Echo, type EchoClient, type EchoHandlers } from '../generated/sample-echo.js';
import { FakeHub, MemoryLogger } from './hub.js';

/** What a test leaves open. */
export const open: { close(): void }[] = [];

/** Fakes timers in each test of a file, and takes chance out of waits: every one is as long as it may be. */
export function onFakeTimers(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, 'random').mockReturnValue(0);
  });
  afterEach(() => {
    for (const each of open.splice(0)) each.close();
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
}

/** Lets time pass. */
export const later = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Nothing waits: a session's one timer may still run, once. */
export async function idle(): Promise<void> {
  await later(60_000);
  expect(vi.getTimerCount()).toBe(0);
}

/** Lets what is under way arrive, with timers faked or not: everything in memory takes microtasks only. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

/** A state in one word or two. */
export function word(state: ReconnectState): string {
  switch (state.status) {
    case 'connecting':
      return `connecting ${state.attempt}`;
    case 'connected':
      return `connected ${state.label}`;
    case 'waiting':
      return `waiting ${state.ms} ${state.reason}`;
    case 'closed':
      return `closed ${state.reason}`;
  }
}

export interface Played {
  readonly client: Reconnecting;
  /** The hub's end of each connection that was made, in order. */
  readonly hubs: FakeHub[];
  /** Every state that was told. */
  readonly states: string[];
  readonly logger: MemoryLogger;
}

/** A client whose hubs are played by the test. `greets` says which of them answer the hello. */
export function played(options: ReconnectOptions = {}, greets: (attempt: number) => boolean = () => true): Played {
  const hubs: FakeHub[] = [];
  const logger = new MemoryLogger();
  const dial = (): Transport => {
    const [near, far] = memoryPair();
    const hub = new FakeHub(far);
    hubs.push(hub);
    if (greets(hubs.length)) void hub.welcome();
    return near;
  };
  const client = reconnecting(dial, { logger, client: 'test', ...options });
  const states = told(client);
  return { client, hubs, states, logger };
}

/** Every state that is told from now on. */
export function told(client: Reconnecting): string[] {
  const states: string[] = [];
  client.onState((state) => states.push(word(state)));
  return states;
}

/** For those whose log no test reads. */
export const logger = new MemoryLogger();

export const never = () => new Promise<never>(() => undefined);

/** Echo, served by handlers of the test's, and a client of a peer that reconnects. */
export async function echoing(handlers: Partial<EchoHandlers>): Promise<{ echo: Mock<EchoClient, EchoHandlers, null>; peer: Reconnecting; client: EchoClient }> {
  const echo = await mock(Echo, handlers, { connect: { logger } });
  const peer = reconnecting(() => echo.transport(), { logger });
  open.push(echo, peer);
  return { echo, peer, client: await peer.bind(Echo) };
}

/** Ends the connections to a mock, and lets that be noticed. */
export async function cut(echo: Mock<any, any, any>, reason?: ReasonName): Promise<void> {
  echo.disconnect(reason);
  await settled();
}

/** Lets them stand again. */
export async function back(echo: Mock<any, any, any>): Promise<void> {
  await echo.reconnect();
  await later(5_000);
}
