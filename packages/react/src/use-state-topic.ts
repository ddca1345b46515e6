/** The value of a state topic, as a component shows it. */
import type { CallError, Subscribe, Unsubscribe } from '@portcullis/client';
import { useMemo } from 'react';
import type { Bound } from './binding.js';
import { useWatched, Watched } from './watched.js';

/** The methods of a client that subscribe: `onSettings`. */
export type TopicOf<Client> = {
  [Method in keyof Client]: Client[Method] extends Subscribe<infer _> ? Method : never;
}[keyof Client];

/** The values of one of its topics. */
export type ValueOf<Client, Method extends keyof Client> = Client[Method] extends Subscribe<infer T> ? T : never;

/** What is known of a topic. */
export interface TopicResult<T> {
  /** The last value; undefined before the first. */
  readonly value: T | undefined;
  /** Why no other value will come: the bind failed, or the subscription has ended. */
  readonly error: CallError | undefined;
}

class Topic<Client extends object, Method extends TopicOf<Client>> extends Watched<TopicResult<ValueOf<Client, Method>>> {
  #leave: Unsubscribe | undefined;

  constructor(
    private readonly bound: Bound<Client>,
    private readonly method: Method,
  ) {
    super({ value: undefined, error: bound.error });
  }

  protected begin(): void {
    const { client } = this.bound;
    if (client === undefined) return;
    const subscribe = client[this.method] as Subscribe<ValueOf<Client, Method>>;
    this.#leave = subscribe.call(client, (value) => this.show({ value, error: undefined }), {
      onEnd: (error) => this.show({ ...this.snapshot(), error }),
    });
  }

  protected end(): void {
    this.#leave?.();
    this.#leave = undefined;
  }
}

/**
 * The last value of a topic: `const { value } = useStateTopic(settings, 'onChanged')`. There is one subscription for each
 * component that asks; on a client of `reconnecting` it outlives its connections, and the value stays in between. After an
 * error the value is the last that came.
 */
export function useStateTopic<Client extends object, Method extends TopicOf<Client>>(
  client: Bound<Client>,
  method: Method,
): TopicResult<ValueOf<Client, Method>> {
  return useWatched(useMemo(() => new Topic(client, method), [client.client, client.error, method]));
}
