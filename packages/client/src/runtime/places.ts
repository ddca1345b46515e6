/** Places for handlers of notifications: the hub counts none of these, so one caller could take all. */
export class Places {
  #taken = 0;
  /** By the label of the caller, which outlives its connection. */
  readonly #by = new Map<string, number>();

  constructor(private readonly max: number) {}

  /** Takes one; false when there is none. One caller of many has half of them at most. */
  take(label: string | undefined): boolean {
    if (this.#taken >= this.max) return false;
    if (label !== undefined) {
      const taken = this.#by.get(label) ?? 0;
      if (taken >= Math.ceil(this.max / 2)) return false;
      this.#by.set(label, taken + 1);
    }
    this.#taken++;
    return true;
  }

  give(label: string | undefined): void {
    this.#taken--;
    if (label === undefined) return;
    const left = (this.#by.get(label) ?? 0) - 1;
    if (left > 0) this.#by.set(label, left);
    else this.#by.delete(label);
  }
}
