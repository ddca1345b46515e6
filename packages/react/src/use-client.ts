/** A typed client, which components share. */
import type { InterfaceDescriptor, Target } from '@portcullis/client';
import { useMemo, useSyncExternalStore } from 'react';
import { BINDING, type Bound } from './binding.js';
import { useProvided } from './provider.js';

const notBound = () => BINDING;

/**
 * A client for one instance of an interface: any, that of the server with a label, or the one with a name. It is bound once
 * for all components that ask for the same, and given back when the last of them is unmounted. A bind that failed is made
 * again when the connection stands anew, and by `again`. Give what it returns to the other hooks: they wait for the client,
 * and tell its error as their own.
 */
export function useClient<Client extends object>(descriptor: InterfaceDescriptor<Client>, target: Target = 'any'): Bound<Client> {
  const { bindings } = useProvided();
  const key = JSON.stringify(target);
  const [subscribe, snapshot] = useMemo(
    () =>
      [
        (listener: () => void) => bindings.subscribe(descriptor, key, target, listener),
        () => bindings.snapshot(descriptor, key),
      ] as const,
    // The key is what the target says.
    [bindings, descriptor, key],
  );
  return useSyncExternalStore<Bound<Client>>(subscribe, snapshot, notBound);
}
