/**
 * Tables of open calls: slots with generations, so that a look-up is an index and a comparison, memory is bounded by the
 * announced limit, and an id is told apart from the one that had its slot before (protocol, section 5).
 */

/** A look-up that found no call: it ended, or was refused because its slot is beyond the limit. */
export const PAST = 0;
/** A look-up of an id that never was. */
export const NEVER = 1;

const GENERATIONS = 0xffff;

/** The calls that one side has opened. */
export class CallTable<T extends object> {
  /** By slot: the id that has it, or had it last. */
  readonly #ids: number[] = [];
  /** By slot. */
  readonly #calls: (T | undefined)[] = [];
  /** No slot below is free. */
  #free = 0;
  #open = 0;

  constructor(public slotsMax: number) {}

  /** How many calls are open. */
  get size(): number {
    return this.#open;
  }

  /** Opens a call in the lowest free slot; 0 when all are taken. */
  open(call: T): number {
    if (this.#open >= this.slotsMax) return 0;
    let slot = this.#free;
    while (this.#calls[slot] !== undefined) slot++;
    const generation = Math.floor((this.#ids[slot] ?? 0) / 0x10000);
    const id = (generation === GENERATIONS ? 1 : generation + 1) * 0x10000 + slot;
    this.#take(slot, id, call);
    return id;
  }

  /** Takes in a call that the other side has opened under `id`: undefined, or why not. */
  admit(id: number, call: T): typeof PAST | typeof NEVER | undefined {
    const slot = id & 0xffff;
    if (slot >= this.slotsMax) return PAST;
    this.#grow(slot);
    if (id < 0x10000 || this.#calls[slot] !== undefined || this.#ids[slot] === id) return NEVER;
    this.#take(slot, id, call);
    return undefined;
  }

  /** The call of that id, or what became of it. */
  find(id: number): T | typeof PAST | typeof NEVER {
    const slot = id & 0xffff;
    if (slot >= this.slotsMax) return PAST;
    if (id === 0 || this.#ids[slot] !== id) return NEVER;
    return this.#calls[slot] ?? PAST;
  }

  /** The open call of that id. */
  get(id: number): T | undefined {
    const slot = id & 0xffff;
    return id !== 0 && this.#ids[slot] === id ? this.#calls[slot] : undefined;
  }

  /** Closes a call and returns it. */
  remove(id: number): T | undefined {
    const call = this.get(id);
    if (call !== undefined) {
      const slot = id & 0xffff;
      this.#calls[slot] = undefined;
      this.#open--;
      if (slot < this.#free) this.#free = slot;
    }
    return call;
  }

  /** Every open call, by slot. */
  forEach(visit: (call: T, id: number) => void): void {
    for (let slot = 0; slot < this.#calls.length; slot++) {
      const call = this.#calls[slot];
      if (call !== undefined) visit(call, this.#ids[slot] as number);
    }
  }

  /** Closes all calls and returns them. */
  drain(): T[] {
    const calls = this.#calls.filter((call) => call !== undefined);
    this.#calls.fill(undefined);
    this.#open = 0;
    this.#free = 0;
    return calls;
  }

  #take(slot: number, id: number, call: T): void {
    this.#grow(slot);
    this.#ids[slot] = id;
    this.#calls[slot] = call;
    this.#open++;
    if (slot === this.#free) this.#free++;
  }

  // Without holes, so that the arrays stay packed.
  #grow(slot: number): void {
    while (this.#calls.length <= slot) {
      this.#calls.push(undefined);
      this.#ids.push(0);
    }
  }
}
