/** A client that reconnects, over mocks or hubs that a test plays. */
import { type ConnectOptions, memoryPair, reconnecting, type Reconnecting, type ReconnectOptions, type ReconnectState, type Transport } from '../../src/index.js';
import { FakeHub, MemoryLogger } from './hub.js';

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

export type { ConnectOptions };
