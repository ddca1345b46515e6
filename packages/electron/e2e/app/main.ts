/** What the tests use in main, as one module: the adapter, the client and the sample contract. */
export { publisherOf, serve } from '@portcullis/client';
export { createPortcullis } from '@portcullis/electron/main';
export { Hub } from '@portcullis/node';
export { Echo } from '../../../client/test/generated/sample-echo.js';
export { Flows } from '../../../client/test/generated/sample-flows.js';
export { Topics } from '../../../client/test/generated/sample-topics.js';
export { Preferences } from '../../../client/test/generated/types.js';
export { echo, flows, nothingYet } from './services.js';
