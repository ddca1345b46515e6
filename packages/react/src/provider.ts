/** Which connection the components below use, and how it is. */
import { createContext, createElement, type ReactElement, type ReactNode, useContext, useMemo, useSyncExternalStore } from 'react';
import { Bindings } from './binding.js';
import type { ConnectionState, Source } from './source.js';

interface Provided {
  readonly source: Source;
  readonly bindings: Bindings;
}

const Context = createContext<Provided | undefined>(undefined);

/** What `PortcullisProvider` takes. */
export interface PortcullisProviderProps {
  /** From `connect` or `reconnecting`. It stays the application's: it is made outside of components, and not closed here. */
  readonly portcullis: Source;
  readonly children?: ReactNode;
}

/** Gives the components below a connection. With another connection they bind anew, and give back what they had of the one before. */
export function PortcullisProvider({ portcullis, children }: PortcullisProviderProps): ReactElement {
  const value = useMemo(() => ({ source: portcullis, bindings: new Bindings(portcullis) }), [portcullis]);
  return createElement(Context.Provider, { value }, children);
}

/** @internal */
export function useProvided(): Provided {
  const provided = useContext(Context);
  if (provided === undefined) throw new Error('there is no <PortcullisProvider> above this component');
  return provided;
}

/** The connection, for what no hook does. Throws when there is no provider above. */
export function usePortcullis(): Source {
  return useProvided().source;
}

/** How the connection is: the component is rendered at each change. */
export function useConnection(): ConnectionState {
  const { source } = useProvided();
  const [subscribe, snapshot] = useMemo(() => [(listener: () => void) => source.onState(listener), () => source.state] as const, [source]);
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}
