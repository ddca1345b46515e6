import { expect, test } from 'vitest';
import { originList, originOf } from '../src/main/origins.js';

test.each([
  ['app://studio/index.html?x#y', 'app://studio'],
  ['app://STUDIO/', 'app://studio'],
  ['http://localhost:5173/a', 'http://localhost:5173'],
  ['https://studio.example:443/', 'https://studio.example'],
  ['file:///opt/studio/index.html', 'file://'],
])('the origin of %s', (address, origin) => {
  expect(originOf(address)).toBe(origin);
});

test.each(['about:blank', 'about:srcdoc', 'null', '', ' ', 'data:text/html,x', 'javascript:1', 'blob:app://studio/1', 'app:', 'app:///x', 'file://server/share', 'https://user@studio.example/', 'https://:pw@studio.example'])(
  'f43_an_address_without_an_origin_has_none: %j',
  (address) => {
    expect(originOf(address)).toBeUndefined();
  },
);

test.each(['null', '', '*', 'about:blank', 'app://studio/page', 'app://studio?x', 'https://*/#', 'studio'])('%j is on no list of origins', (entry) => {
  expect(() => originList([entry])).toThrow(TypeError);
});

test('a list holds what its entries mean', () => {
  expect([...originList(['app://studio/', 'HTTPS://Studio.example:443', 'file://'])]).toEqual(['app://studio', 'https://studio.example', 'file://']);
});
