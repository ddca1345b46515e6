/** Exits with calls of every kind pending, as it is told: by `process.exit`, an exception, or the end of its work. */
import process from 'node:process';
import { Hub } from '../../src/index.js';
import { Pictures } from '../generated/index.js';
import { MAIN } from '../support/roles.js';

const how = process.argv[2];
const hub = new Hub({ roles: [MAIN], onEvent: () => {}, observeCalls: true });
if (how === 'idle') {
  hub.attach({ send: () => {}, closed: () => {} }, { label: 'silent', role: 'main' });
} else {
  const pictures = await hub.connect({ label: 'main', role: 'main' }).bind(Pictures);
  pictures.onTicked(() => {});
  for (let number = 0; number < 50; number++) {
    pictures.later(60_000).catch(() => {});
    pictures.block(700).catch(() => {});
  }
  // Threads that publish without end, whatever becomes of their subscriber.
  for (let number = 0; number < 2; number++) pictures.tick(100_000_000).catch(() => {});
  await pictures.mirror({ x: 1, y: 1, name: '' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  // Those that block may be done, on a machine that has much to do.
  console.log('pending', hub.openWork() >= 50);
  if (how === 'exit') process.exit(7);
  throw new Error('an exception of the application');
}
