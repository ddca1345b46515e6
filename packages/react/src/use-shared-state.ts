/** A state that many change, as a component shows it. */
import type { SharedState } from '@portcullis/client';
import { useMemo, useSyncExternalStore } from 'react';

/**
 * The value of a shared state, own changes at once; undefined before the first. The state stays the application's: it is made
 * outside of components by `sharedState`, changed by its `update`, and not closed here.
 */
export function useSharedState<T>(shared: SharedState<T>): T | undefined {
  // A subscription that is another one at each render would begin anew at each.
  const [subscribe, value] = useMemo(() => [(listener: () => void) => shared.onChange(listener), () => shared.value] as const, [shared]);
  return useSyncExternalStore(subscribe, value, value);
}
