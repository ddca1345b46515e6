/** Where the addon may be: a list of places, in order. Nothing is loaded here. */
import { join, sep } from 'node:path';

/** What a search depends on, so that tests can say it. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly arch: string;
  /** Whether the C library is musl; of no meaning but on Linux. */
  readonly musl: boolean;
  /** The folder of this package. */
  readonly folder: string;
  /** Resolves a package's addon to a path. Throws when it is not installed. */
  readonly resolve: (name: string) => string;
  readonly exists: (path: string) => boolean;
}

/** A place to look. */
export interface Candidate {
  /** What to call it in an error. */
  readonly name: string;
  /** Finds the file. Throws with a sentence when it is not there. */
  readonly find: () => string;
}

/** The platforms for which there are packages: what Node calls them, and Rust. */
export const PLATFORMS = {
  'darwin-arm64': 'aarch64-apple-darwin',
  'darwin-x64': 'x86_64-apple-darwin',
  'linux-arm64-gnu': 'aarch64-unknown-linux-gnu',
  'linux-arm64-musl': 'aarch64-unknown-linux-musl',
  'linux-x64-gnu': 'x86_64-unknown-linux-gnu',
  'linux-x64-musl': 'x86_64-unknown-linux-musl',
  'win32-arm64': 'aarch64-pc-windows-msvc',
  'win32-x64': 'x86_64-pc-windows-msvc',
} as const;

/** What this platform is called in the names of packages. */
export function platformName({ platform, arch, musl }: Pick<Surroundings, 'platform' | 'arch' | 'musl'>): string {
  const libc = platform === 'linux' ? (musl ? '-musl' : '-gnu') : '';
  return `${platform}-${arch}${libc}`;
}

/** What cargo calls a library. */
export function libraryName(platform: string, name = 'portcullis_node'): string {
  if (platform === 'win32') return `${name}.dll`;
  return platform === 'darwin' ? `lib${name}.dylib` : `lib${name}.so`;
}

/**
 * The file as the operating system can open or start it: inside Electron, what was packed into `app.asar` is no file, and
 * addons and programs lie beside it, in `app.asar.unpacked`. Any other path stays as it is.
 */
export function outsideOfAsar(path: string): string {
  return path.replace(/\.asar([\\/])(?!.*\.asar[\\/])/, '.asar.unpacked$1');
}

/** All places, or the one that was asked for. */
export function candidates(explicit: string | undefined, here: Surroundings): Candidate[] {
  const { env, platform, folder, resolve, exists } = here;
  const file = (name: string, path: string): Candidate => ({
    name,
    find: () => {
      const outside = outsideOfAsar(path);
      if (exists(outside)) return outside;
      if (outside !== path && exists(path)) {
        throw new Error(`it is inside of app.asar; unpack it (asarUnpack) to ${outside}`);
      }
      throw new Error('there is no such file');
    },
  });
  if (explicit !== undefined) return [file(explicit, explicit)];
  const set = env['PORTCULLIS_ADDON_PATH'];
  if (set !== undefined && set !== '') return [file(`${set} (PORTCULLIS_ADDON_PATH)`, set)];
  const name = `@portcullis/node-${platformName(here)}`;
  const installed: Candidate = {
    name,
    find: () => {
      if (!(platformName(here) in PLATFORMS)) throw new Error('there is no package for this platform');
      let path: string;
      try {
        path = resolve(name);
      } catch {
        throw new Error('the package is not installed');
      }
      return file(path, path).find();
    },
  };
  const inRepository = `${sep}packages${sep}node`;
  if (!folder.endsWith(inRepository)) return [installed];
  const target = env['CARGO_TARGET_DIR'] ?? join(folder.slice(0, -inRepository.length), 'target');
  const built = ['release', 'debug'].map((profile) => join(target, profile, libraryName(platform)));
  return [installed, ...built.map((path) => file(path, path))];
}
