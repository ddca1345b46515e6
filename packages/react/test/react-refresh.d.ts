/** What the test of hot reload uses of React's own runtime for bundlers. */
declare module 'react-refresh/runtime' {
  export function injectIntoGlobalHook(window: Window): void;
  export function register(component: unknown, id: string): void;
  export function setSignature(component: unknown, key: string, forceReset?: boolean): void;
  export function performReactRefresh(): unknown;
}
