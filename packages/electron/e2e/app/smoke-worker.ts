/** The utility process of smoke.ts. */
import { serve } from '@portcullis/client';
import { connectUtility } from '@portcullis/electron/utility';
import { Echo } from '../../../client/test/generated/sample-echo.js';
import { echo, nothingYet } from './services.js';

await serve(connectUtility({ interfaces: [Echo] }), Echo, echo('worker', nothingYet()));
