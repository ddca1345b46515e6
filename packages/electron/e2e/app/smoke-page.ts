/** The page of smoke.ts: calls main, serves, and says so. */
import { serve } from '@portcullis/client';
import { connectElectron } from '@portcullis/electron/renderer';
import { Echo } from '../../../client/test/generated/sample-echo.js';
import { echo, nothingYet } from './services.js';

const portcullis = connectElectron({ interfaces: [Echo], client: 'smoke' });
const main = await portcullis.bind(Echo, { instance: 'main' });
await serve(portcullis, Echo, echo('page', nothingYet()));
const bytes = Uint8Array.from({ length: 1_000_000 }, (_, at) => at * 3);
const back = await main.bytes(bytes, { timeoutMs: 60_000 });
const whole = back.byteLength === bytes.byteLength && back.every((byte, at) => byte === bytes[at]);
const { number } = await main.call({ number: 2n ** 60n, text: '', value: 0 });
const isolated = !('require' in globalThis) && !('process' in globalThis);
main.tell(whole && number === 2n ** 60n + 1n && isolated ? 'has called main, a megabyte there and back' : 'was answered wrongly');
