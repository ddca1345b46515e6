/** Credit of a stream's flows (protocol, section 6). It counts; who waits for credit is not known here. */

/** Items that one side may still send. */
export class Flow {
  constructor(
    public items: number,
    /** Below zero after an item that overdrew it. */
    public bytes: number,
  ) {}

  get open(): boolean {
    return this.items > 0 && this.bytes > 0;
  }

  spend(bytes: number): void {
    this.items--;
    this.bytes -= bytes;
  }

  add(items: number, bytes: number): void {
    this.items += items;
    this.bytes += bytes;
  }
}
