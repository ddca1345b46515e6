/** Shared state under any order of what can happen: messages, losses, changes of the owner's, restarts; by seed. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CallError, type OwnState, ownState, type SharedState, sharedState, type StateVersion, type UpdateError, type Versioned } from '../src/index.js';
import { isNews } from '../src/state/version.js';
import { Random } from './support/random.js';

/** Messages between an owner and its followers that arrive in any order that a hub may give them. */
class World {
  readonly owner: { state: OwnState<readonly number[]> };
  readonly windows: Window[] = [];
  /** What the owner has told, by version. */
  readonly history = new Map<string, readonly number[]>();
  readonly lost: number[];
  readonly made: number[];

  constructor(
    readonly random: Random,
    count: number,
  ) {
    this.made = Array.from({ length: count + 1 }, () => 0);
    this.lost = [...this.made];
    this.owner = { state: this.own(1, this.made) };
    for (let index = 0; index < count; index++) this.windows.push(new Window(this, index));
  }

  own(epoch: number, value: readonly number[]): OwnState<readonly number[]> {
    const state = ownState(value.slice() as readonly number[], { epoch });
    state.publishTo((now) => {
      this.history.set(JSON.stringify(now[0]), now[1]);
      for (const window of this.windows) window.publish(now);
    });
    return state;
  }
}

class Window {
  /** Conflated, as the hub does it: only the last waits. */
  #topic: Versioned<readonly number[]> | undefined;
  readonly #steps: (() => void)[] = [];
  #listener!: (state: Versioned<readonly number[]>) => void;
  readonly state: SharedState<readonly number[]>;
  readonly versions: StateVersion[] = [];
  unsettled = 0;

  constructor(
    private readonly world: World,
    readonly index: number,
  ) {
    this.state = sharedState<readonly number[]>({
      subscribe: (listener) => {
        this.#listener = listener;
        const { state } = world.owner;
        this.#topic = [state.version, state.value];
        return () => undefined;
      },
      replace: (change) =>
        new Promise((resolve, reject) => {
          const lost = (): void => reject(new CallError('unavailable', { channel: 'test', message: 'lost' }));
          this.#steps.push(() => {
            if (world.random.below(20) === 0) return lost();
            let answer: () => void;
            try {
              const now = world.owner.state.replace(change);
              answer = () => resolve(now);
            } catch (error) {
              answer = () => reject(error);
            }
            this.#steps.push(world.random.below(20) === 0 ? lost : answer);
          });
        }),
    });
    this.state.onChange(() => {
      const { version } = this.state;
      if (version !== undefined && this.versions.at(-1) !== version) this.versions.push(version);
    });
  }

  publish(state: Versioned<readonly number[]>): void {
    this.#topic = state;
  }

  /** Lets one message through, if there is one. */
  step(): boolean {
    const topic = this.#topic;
    const next = this.world.random.below(2) === 0 ? undefined : this.#steps.shift();
    if (next !== undefined) next();
    else if (topic !== undefined) {
      this.#topic = undefined;
      this.#listener(topic);
    } else {
      const other = this.#steps.shift();
      other?.();
      return other !== undefined;
    }
    return true;
  }

  update(): void {
    const { made, lost } = this.world;
    this.unsettled++;
    const change = (value: readonly number[]) => value.map((each, index) => (index === this.index ? each + 1 : each));
    this.state.update(change, { timeoutMs: 1e9 }).then(
      () => void (made[this.index] = (made[this.index] ?? 0) + 1),
      ({ outcome }: UpdateError) => {
        expect(['unknown', 'contended']).toContain(outcome);
        if (outcome === 'unknown') lost[this.index] = (lost[this.index] ?? 0) + 1;
      },
    ).finally(() => this.unsettled--);
  }
}

describe('any order of what can happen', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  const RUNS = Number(process.env['SHARED_STATE_RUNS'] ?? 50);

  test.each([['one owner', false], ['an owner that is restarted', true]] as const)('%s: all end with its value', async (_, restarts) => {
    let rebased = 0;
    for (let seed = 1; seed <= RUNS; seed++) {
      const random = new Random(seed);
      vi.spyOn(Math, 'random').mockImplementation(() => random.next());
      const world = new World(random, 1 + random.below(4));
      const { windows, made, lost } = world;
      let own = 0;
      let epoch = 1;
      for (let turn = 0; turn < 200; turn++) {
        const what = random.below(40);
        if (what < 8) random.pick(windows).update();
        else if (what === 8) {
          own++;
          world.owner.state.update((value) => value.map((each, index) => each + (index === windows.length ? 1 : 0)));
        } else if (what === 9 && restarts && random.below(3) === 0) {
          // With what it had written down.
          world.owner.state = world.own(++epoch, world.owner.state.value);
        } else random.pick(windows).step();
        if (random.below(3) === 0) await null;
        if (random.below(50) === 0) await vi.advanceTimersByTimeAsync(1);
      }
      // Whatever is still under way arrives.
      for (let turn = 0; turn < 10_000; turn++) {
        const moved = windows.map((window) => window.step()).some((each) => each);
        await vi.advanceTimersByTimeAsync(moved ? 0 : 1);
        if (!moved && windows.every(({ unsettled, state }) => unsettled === 0 && !state.pending)) break;
      }
      const { value, version } = world.owner.state;
      const label = `seed ${seed}`;
      for (const { state, versions, unsettled } of windows) {
        expect([state.value, state.confirmed, state.version, state.pending, unsettled], label).toEqual([value, value, version, false, 0]);
        for (const [index, each] of versions.entries()) {
          const before = versions[index - 1];
          expect(before === undefined || isNews(before, each), label).toBe(true);
          expect(before === undefined || before.epoch <= each.epoch, label).toBe(true);
          expect(world.history.has(JSON.stringify(each)), label).toBe(true);
        }
      }
      // Each change that was told to be made was made once; of those whose fate nobody knows, any number.
      expect(value[windows.length], label).toBe(own);
      for (const [index, count] of value.slice(0, windows.length).entries()) {
        expect(count, label).toBeGreaterThanOrEqual(made[index] ?? 0);
        expect(count, label).toBeLessThanOrEqual((made[index] ?? 0) + (lost[index] ?? 0));
        rebased += count;
      }
    }
    expect(rebased).toBeGreaterThan(RUNS);
  });
});
