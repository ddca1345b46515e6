/** A subscription on a lasting binding: it begins anew when it was lost, and says so. */
import type { CallError } from '../errors.js';
import type { Subscribing, SubscribeOptions, Unsubscribe } from '../interface.js';
import type { Handle } from '../runtime/binding.js';
import type { Lasting } from './lasting.js';
import { Waits } from './waits.js';

/** Subscribes now or when there is an instance, and again after each loss, until it is left or ends for good. */
export function resume(lasting: Lasting, subscribe: Subscribing, options: SubscribeOptions = {}): Unsubscribe {
  const { signal, onEnd, onAnew, ...reading } = options;
  const { ground, subscriptions } = lasting;
  const waits = new Waits(ground.policy);
  let begun: number | undefined;
  let over = false;
  /** Ends what runs now: the subscription, or a wait. */
  let stop: (() => void) | undefined;

  const leave = () => {
    over = true;
    subscriptions.delete(end);
    signal?.removeEventListener('abort', leave);
    stop?.();
  };
  const end = (error: CallError) => {
    if (over) return;
    leave();
    ground.guard('`onEnd` of a subscription', () => onEnd?.(error));
  };
  const lost = (error: CallError) => {
    if (over) return;
    if (error.status !== 'unavailable' || lasting.over !== undefined) return end(error);
    const timer = setTimeout(next, waits.next(performance.now() - (begun ?? 0)));
    stop = () => clearTimeout(timer);
  };
  const next = () => {
    if (over) return;
    const { present } = lasting;
    if (present !== undefined) start(present);
    else stop = lasting.await(start, end);
  };
  const start = (handle: Handle) => {
    const anew = begun !== undefined;
    begun = performance.now();
    stop = subscribe(handle, { ...reading, onEnd: lost });
    // Behind the subscription: what is asked for here lacks nothing that this will not tell.
    if (anew) ground.guard('`onAnew` of a subscription', () => onAnew?.());
  };

  if (signal?.aborted === true) return leave;
  subscriptions.add(end);
  signal?.addEventListener('abort', leave);
  if (lasting.present !== undefined) next();
  // Not before the subscriber has what this returns.
  else queueMicrotask(next);
  return leave;
}
