// Bundles one side of the port as an application would.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

export async function bundle(contents, platform) {
  const result = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    format: 'esm',
    platform,
    target: 'es2022',
    minify: true,
    // Names by which a profile can be read.
    keepNames: process.argv.includes('--names'),
    write: false,
    logLevel: 'error',
  });
  return result.outputFiles[0].text;
}
