/** The utility process of the tests: serves, and does what main tells it through `sample.echo`'s own channels. */
import { serve } from '@portcullis/client';
import { connectUtility } from '@portcullis/electron/utility';
import { Echo } from '../../../client/test/generated/sample-echo.js';
import { Flows } from '../../../client/test/generated/sample-flows.js';
import { Topics } from '../../../client/test/generated/sample-topics.js';
import { echo, flows, nothingYet } from './services.js';

const noted = nothingYet();
const portcullis = connectUtility({ interfaces: [Echo, Flows, Topics], client: 'worker' });

await serve(portcullis, Flows, flows(noted), { instance: 'worker' });
await serve(portcullis, Echo, {
  ...echo('worker', noted),
  // Asks the window with that label, as the worker.
  refuse: async (label) => {
    const window = await portcullis.bind(Echo, { label });
    await window.tell('from the worker');
  },
}, { instance: 'worker' });
