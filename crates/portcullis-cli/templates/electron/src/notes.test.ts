import assert from 'node:assert/strict';
import test from 'node:test';
import { mock } from '@portcullis/client/testing';
import { Notes } from './generated/index.js';

test('a full list says how many notes it takes', async () => {
  const notes = await mock(Notes, { add: () => 1 });
  notes.fail('add', { error: { type: 'full', limit: 100 } });
  const outcome = await notes.client.add({ text: 'hello' }).result;
  assert.ok(!outcome.ok && outcome.error.status === 'application');
  assert.deepEqual(outcome.error.error, { type: 'full', limit: 100 });
});
