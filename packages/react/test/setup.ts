/** Before each file: Fast Refresh finds React's renderer only when it is there first, and what a test has opened is closed. */
import * as refresh from 'react-refresh/runtime';
import { afterEach } from 'vitest';
import { open } from './open.js';

refresh.injectIntoGlobalHook(window);
(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
