/** Loads the addon, once for each path and thread. */
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Addon, INTERFACE_VERSION } from './addon.js';
import { candidates, libraryName, platformName, PLATFORMS, type Surroundings } from './candidates.js';
import { AddonLoadError, type Attempt } from './errors.js';

const loaded = new Map<string, Addon>();

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  // A report is slow where it looks up the names of connections.
  const report = process.report as { excludeNetwork?: boolean; getReport(): object };
  const before = report.excludeNetwork ?? false;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  report.excludeNetwork = before;
  return header?.glibcVersionRuntime === undefined;
}

/** This process. */
export function surroundings(): Surroundings {
  const require = createRequire(import.meta.url);
  return {
    env: process.env,
    platform: process.platform,
    arch: process.arch,
    musl: isMusl(),
    folder: dirname(dirname(fileURLToPath(import.meta.url))),
    resolve: (name) => require.resolve(name),
    exists: existsSync,
  };
}

function open(path: string): Addon {
  const real = realpathSync(path);
  let addon = loaded.get(real);
  if (addon === undefined) {
    const module = { exports: {} };
    // Unlike `require`, this takes whatever name cargo gives a library.
    process.dlopen(module, real);
    addon = module.exports as Addon;
    const version = typeof addon.interfaceVersion === 'function' ? addon.interfaceVersion() : undefined;
    if (version !== INTERFACE_VERSION) {
      const what = version === undefined ? 'is no addon of Portcullis' : `has interface ${version}`;
      throw new Error(`it ${what}, and this package needs interface ${INTERFACE_VERSION}: use the same release of both`);
    }
    loaded.set(real, addon);
  }
  return addon;
}

function hint(here: Surroundings): string {
  const platform = platformName(here);
  const install =
    platform in PLATFORMS
      ? `Install @portcullis/node with its optional dependencies (npm install --include=optional), `
      : `There is no package for ${platform}: `;
  return (
    `${install}or build the addon (cargo build --release -p portcullis-node makes ${libraryName(here.platform)}) ` +
    `and give its path as the option "addon" or in PORTCULLIS_ADDON_PATH. In Electron, unpack *.node from app.asar.`
  );
}

/** Loads the addon. Throws `AddonLoadError`, which lists every place that was tried. */
export function loadAddon(explicit?: string, here: Surroundings = surroundings()): Addon {
  const tried: Attempt[] = [];
  let cause: unknown;
  for (const { name, find } of candidates(explicit, here)) {
    let path = name;
    try {
      path = find();
      return open(path);
    } catch (error) {
      cause = error;
      const why = error instanceof Error ? error.message : String(error);
      tried.push({ path: path === name ? name : `${name} at ${path}`, why: why.split('\n', 1)[0] ?? why });
    }
  }
  throw new AddonLoadError(tried, hint(here), { cause });
}
