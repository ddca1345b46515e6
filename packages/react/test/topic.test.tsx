/** The value of a topic: one subscription while the component is there, none after. */
import { expect, test } from 'vitest';
import { Topics } from '../../client/test/generated/sample-topics.js';
import { type TopicResult, useClient, useStateTopic } from '../src/index.js';
import { bindings, doing, mock, page, subscribers } from './support.js';

let last: TopicResult<bigint>;
let renders = 0;
function Level() {
  renders++;
  last = useStateTopic(useClient(Topics), 'onLevel');
  return `${last.value ?? 'none'} ${last.error?.status ?? ''}`;
}

test('the retained value comes first, then every change; StrictMode leaves one subscription, and unmounting none', async () => {
  const topics = await mock(Topics);
  const shown = await page(topics.portcullis, <Level />);
  expect(shown.text).toBe('none ');
  await doing(() => topics.publisher.level(1n));
  expect(shown.text).toBe('1 ');
  expect(await subscribers(topics)).toBe(1);
  const second = await page(topics.portcullis, <Level />);
  expect([second.text, await subscribers(topics)]).toEqual(['9 ', 2]);
  await second.leave();
  expect(await subscribers(topics)).toBe(1);
  await shown.leave();
  expect([await subscribers(topics), bindings(topics)]).toEqual([0, 0]);
});

test('nothing comes after the component has left, not even what was under way', async () => {
  const topics = await mock(Topics);
  const shown = await page(topics.portcullis, <Level />);
  renders = 0;
  await doing(async () => {
    topics.publisher.level(5n);
    await shown.leave();
  });
  expect([renders, await subscribers(topics)]).toEqual([0, 0]);
});

test('another topic is another subscription, without the value of the one before', async () => {
  const topics = await mock(Topics);
  function Event({ method }: { readonly method: 'onTicked' | 'onKept' }) {
    return useStateTopic(useClient(Topics), method).value ?? 'none';
  }
  const shown = await page(topics.portcullis, <Event method="onTicked" />);
  await doing(() => topics.publisher.ticked(1));
  expect(shown.text).toBe('1');
  await shown.show(<Event method="onKept" />);
  expect(shown.text).toBe('none');
  const reached = async (topic: 'tickedReported' | 'keptReported') => (await topics.publisher[topic](2, 1000)).delivered.length;
  let delivered: number[] = [];
  await doing(async () => (delivered = [await reached('tickedReported'), await reached('keptReported')]));
  expect([shown.text, delivered]).toEqual(['2', [0, 1]]);
});

test('its end is an error, beside the last value', async () => {
  const topics = await mock(Topics);
  const shown = await page(topics.portcullis, <Level />);
  await doing(() => topics.publisher.level(4n));
  await doing(() => topics.withdraw());
  expect(shown.text).toBe('4 unavailable');
  await shown.leave();
  expect((await page(topics.portcullis, <Level />)).text).toBe('none unavailable');
});
