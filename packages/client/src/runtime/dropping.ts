/** The pump of a stream that would rather drop items than wait for a slow caller. */
import { type AnyIterator, type Outflow, Pump } from './pump.js';

/** Takes items as fast as they come, and keeps the newest `depth` of those that cannot be sent yet. */
export class DroppingPump<T, R> extends Pump<T, R> {
  constructor(
    out: Outflow<T>,
    private readonly depth: number,
  ) {
    super(out);
  }

  protected override async pump(iterator: AnyIterator<T, R>): Promise<R | undefined> {
    const waiting: T[] = [];
    const source: { end?: { readonly value: R }; failure?: { readonly error: unknown } } = {};
    let missed = 0;
    const pull = async () => {
      while (!this.stopped) {
        const { done, value } = await iterator.next();
        if (done === true) {
          source.end = { value };
          return;
        }
        waiting.push(value);
        this.wake();
        if (waiting.length > this.depth) {
          waiting.shift();
          missed++;
          // A source that is always ready must not keep credit from coming in.
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
    };
    const pulling = pull()
      .catch((error: unknown) => {
        source.failure = { error };
      })
      .finally(() => this.wake());
    while (!this.stopped) {
      if (waiting.length > 0) {
        if (this.out.maySend() === true) {
          this.out.send(waiting.shift() as T, missed);
          missed = 0;
          continue;
        }
      } else if (source.failure !== undefined) {
        throw source.failure.error;
      } else if (source.end !== undefined) {
        return source.end.value;
      }
      await this.sleep();
    }
    await pulling;
    return undefined;
  }
}
