/** The items that a caller sends on a stream. */
import { CodecError } from '../codec/index.js';
import type { CallError } from '../errors.js';
import type { ChannelDescriptor, Items } from '../interface.js';
import type { Connection } from './connection.js';
import { localError, sendError } from './failure.js';
import { Pump } from './pump.js';

/** Sends items until they end, and says so; a fault of theirs ends the call. */
export class Upload {
  readonly #pump: Pump<unknown, unknown>;
  #stopped = false;

  constructor(
    connection: Connection,
    channel: ChannelDescriptor,
    id: number,
    items: Items<unknown>,
    abort: (error: CallError) => void,
  ) {
    const { session } = connection;
    this.#pump = new Pump({
      maySend: () => session.maySend(false, id),
      send: (value, missed) => {
        session.item(false, id, missed, (out) => channel.up?.encode(out, value));
        connection.touched();
      },
    });
    this.#pump.run(items).then(
      () => {
        if (this.#stopped) return;
        session.finish(id);
        connection.touched();
      },
      (error: unknown) => {
        this.#pump.stop();
        const broken = error instanceof CodecError;
        abort(broken ? sendError(channel, 'an item', error) : localError(channel, 'cancelled', 'its items failed', error));
      },
    );
  }

  /** Credit has come. */
  wake(): void {
    this.#pump.wake();
  }

  /** The call has ended. */
  stop(): void {
    this.#stopped = true;
    this.#pump.stop();
  }
}
