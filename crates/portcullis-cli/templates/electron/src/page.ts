import { connectElectron } from '@portcullis/electron/renderer';
import { Notes } from './generated/index.js';

const portcullis = connectElectron({ interfaces: [Notes], client: 'editor' });
const notes = await portcullis.bind(Notes);
notes.onAdded((note) => document.body.append(note.text));
const outcome = await notes.add({ text: 'hello' }).result;
if (!outcome.ok) {
  const { error } = outcome;
  // `status` tells the contract's own error apart, which has its fields.
  console.log(error.status === 'application' ? `${error.error.limit} notes are all there may be` : error.message);
}
