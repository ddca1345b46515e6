// Makes the packages that carry the addon for each platform: `node scripts/platforms.mjs [--out FOLDER]`, `npm/` when absent.
//
// For a release: build the addon on each platform (`cargo build --profile addon -p portcullis-node`), put it into its
// package as `portcullis.node`, and publish these packages. Then write the `optionalDependencies` into the package.json of
// `@portcullis/node` by `--manifest`, and publish what `npm run packages -- FOLDER` makes at the root; `npm publish` in a
// package's folder would take what was compiled before, or nothing. They stand in no manifest before: npm would look for
// packages that nobody has published yet.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('..', import.meta.url));
const manifestPath = join(folder, 'package.json');
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'));

/** The table of the loader: what Node calls a platform, and what Rust does. */
const source = readFileSync(join(folder, 'src/candidates.ts'), 'utf8');
const table = /PLATFORMS = \{([^}]*)\}/.exec(source)[1];
const platforms = [...table.matchAll(/'([^']+)': '([^']+)'/g)].map(([, name, target]) => ({ name, target }));
const packageName = (name) => `${manifest.name}-${name}`;

const at = process.argv.indexOf('--out');
const out = at > 0 ? process.argv[at + 1] : join(folder, 'npm');
for (const { name, target } of platforms) {
  const [os, cpu, libc] = name.split('-');
  const content = {
    name: packageName(name),
    version: manifest.version,
    description: `The addon of ${manifest.name} for ${target}`,
    license: manifest.license,
    main: 'portcullis.node',
    files: ['portcullis.node'],
    os: [os],
    cpu: [cpu],
    ...(libc === undefined ? {} : { libc: [libc === 'gnu' ? 'glibc' : 'musl'] }),
    engines: manifest.engines,
  };
  mkdirSync(join(out, name), { recursive: true });
  writeFileSync(join(out, name, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
}
if (process.argv.includes('--manifest')) {
  manifest.optionalDependencies = Object.fromEntries(platforms.map(({ name }) => [packageName(name), manifest.version]));
  writeFileSync(at > 0 ? join(out, 'package.json') : manifestPath, `${JSON.stringify(manifest, null, 2)}\n`);
}
