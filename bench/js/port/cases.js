// What is measured, on a host that opens ports: `open(system, ...args)` gives one with that system at its other end.
import { FRAME_BYTES } from './frame.js';
import { bare, bareFrames, frames, portcullis, run, trpc } from './page.js';

/** Calls of one case in one round, by how many are in flight. */
const CALLS = { 1: 3_000, 64: 12_000 };
const FRAMES = 24;

export async function makeCases(open) {
  const systems = {
    'bare, copied': () => bare(open('bare', false), false),
    'bare, moved': () => bare(open('bare', true), true),
    'portcullis': () => portcullis(open('frameEcho', true), { copy: false }, false),
    'portcullis, copied': () => portcullis(open('frameEcho', false), { copy: true }, false),
    'portcullis, all stacks': () => portcullis(open('frameEcho', true), { copy: false, callStacks: true }, false),
    'portcullis, hub in TypeScript': () => portcullis(open('hub', false), { copy: false }, true),
    'trpc': () => trpc(open('trpc')),
  };
  const cases = [];
  for (const [system, make] of Object.entries(systems)) {
    for (const inFlight of [1, 64]) {
      const made = await make();
      const count = CALLS[inFlight];
      cases.push({ name: inFlight === 1 ? 'call' : 'inflight64', system, count, run: () => run(made, count, inFlight) });
    }
  }
  for (const copy of [true, false]) {
    const how = copy ? 'copied' : 'moved';
    const posted = bareFrames(open('bareFrames', !copy, FRAME_BYTES));
    cases.push({ name: 'frames', system: `bare, ${how}`, count: FRAMES, run: () => posted(FRAMES, FRAME_BYTES) });
    for (const views of [false, true]) {
      const streamed = await frames(open('frameSource', !copy, FRAME_BYTES), { copy, views });
      const system = `portcullis, ${how}${views ? ', views' : ''}`;
      cases.push({ name: 'frames', system, count: FRAMES, run: () => streamed(FRAMES, FRAME_BYTES) });
    }
  }
  return cases;
}
