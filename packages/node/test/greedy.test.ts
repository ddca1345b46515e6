/** A page that comes back again and again, for its successors to use up what one connection may not. */
import { afterEach, expect, test } from 'vitest';
import { Pictures } from './generated/index.js';
import { closeHubs, exampleHub, page } from './support/example.js';

afterEach(closeHubs);

/** Handlers that block, of one connection, and threads of the pool (crates/portcullis/src/hub/blocking.rs). */
const BLOCKING_MAX = 64;
const THREADS = 512;
/** Longer than the watchdog of tests waits, in milliseconds. */
const BLOCKED_MS = 120_000;

test('f16_a_page_that_connects_anew_gets_no_more_threads_than_before', async () => {
  const hub = exampleHub({ roles: [{ name: 'page', call: ['example.pictures.*'] }] });
  for (let comes = 0; comes <= THREADS / BLOCKING_MAX; comes++) {
    const { portcullis } = page(hub, 'greedy');
    const pictures = await portcullis.bind(Pictures);
    for (let call = 0; call < BLOCKING_MAX; call++) void pictures.block(BLOCKED_MS).result;
    // Behind all of them.
    await pictures.later(0);
    portcullis.close();
  }
  const other = await page(hub, 'other').portcullis.bind(Pictures);
  expect(await other.thumbnail(1)).toHaveLength(1);
});
