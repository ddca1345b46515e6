/**
 * Electron refuses external buffers, whose memory is not the engine's own. Node does not, so that this is emulated: a
 * library that is preloaded refuses them in its place, and everything has to work all the same. On Linux.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from './support/program.js';

const linux = process.platform === 'linux';

test.runIf(linux)('everything works where external buffers are refused', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-cage-'));
  try {
    const library = join(folder, 'memory-cage.so');
    const source = fileURLToPath(new URL('native/memory-cage.c', import.meta.url));
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl']);
    const ended = await run('collect', [], { node: ['--expose-gc'], env: { LD_PRELOAD: library } });
    // The cage was there, and nobody ran against it.
    expect(ended.err).toContain('memory-cage: holds napi_create_external_arraybuffer');
    expect(ended.err).toContain('memory-cage: holds napi_create_external_buffer');
    expect(ended.err).not.toContain('memory-cage: refused');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.out.trim().split('\n').at(-1)).toBe('done 0');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
