/**
 * Sends changes of the settings one after the other: while one is on its way, later ones are gathered
 * and the last value of each field wins. A slider that is dragged thus never fills a queue.
 *
 * @module
 */

import type { Settings, SettingsPatch } from "../api";

/** Gathers and sends patches. */
export class PatchSender {
  #waiting: SettingsPatch = {};
  #sending: SettingsPatch | undefined;
  #running = false;

  constructor(
    private readonly send: (patch: SettingsPatch) => Promise<void>,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Changes fields now, or as soon as the change before has been answered. */
  change(patch: SettingsPatch): void {
    this.#waiting = { ...this.#waiting, ...patch };
    if (!this.#running) void this.#run();
  }

  /** Whether a field's own change is still on its way: then what others say of it is out of date. */
  isChanging(field: keyof Settings): boolean {
    return field in this.#waiting || (this.#sending !== undefined && field in this.#sending);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (Object.keys(this.#waiting).length > 0) {
      const patch = this.#waiting;
      this.#waiting = {};
      this.#sending = patch;
      const failure = await this.send(patch).then(
        () => null,
        (error: unknown) => ({ error }),
      );
      this.#sending = undefined;
      // Only now: whoever is told shows the fields as they are, and these are no longer changing.
      if (failure !== null) this.failed(failure.error);
    }
    this.#running = false;
  }
}
