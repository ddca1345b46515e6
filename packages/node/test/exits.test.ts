/** Fault 50: the environment or a worker ends with calls pending, garbage is collected in a callback. Nothing aborts. */
import { describe, expect, test } from 'vitest';
import { run } from './support/program.js';

describe('f50', () => {
  test('process.exit with calls pending exits with the code that was asked for', async () => {
    const ended = await run('exit', ['exit']);
    expect(ended).toMatchObject({ code: 7, signal: null });
    expect(ended.out).toContain('pending true');
  });

  test('an exception of the application ends the process as in any program', async () => {
    const ended = await run('exit', ['throw']);
    expect(ended).toMatchObject({ code: 1, signal: null });
    expect(ended.err).toContain('an exception of the application');
  });

  test('a hub alone keeps no process alive', async () => {
    expect(await run('exit', ['idle'])).toMatchObject({ code: 0, signal: null });
  });

  test('workers that end with calls pending disturb nobody', async () => {
    const ended = await run('workers');
    expect(ended.err).not.toContain('panicked');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.out.trim()).toBe('[{"x":-5,"y":1,"name":"alive"},1,1]');
  });

  test('garbage may be collected in every callback', async () => {
    const ended = await run('collect', [], { node: ['--expose-gc'] });
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.out.trim().split('\n')).toEqual(['-4950 0 true', '-4950 0 true', 'done 0']);
  });
});
