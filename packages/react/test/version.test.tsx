/** The tests run over the React that they say: the newest, and the oldest that is supported. */
import { version } from 'react';
import { version as ofTheRenderer } from 'react-dom';
import { expect, inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    react: string;
  }
}

test('is that of the project', () => {
  expect([version.split('.')[0], ofTheRenderer]).toEqual([inject('react'), version]);
});
