/** The pages under a scheme of their own, `app://studio`, with a policy that lets them load nothing else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Protocol } from 'electron';

const SCHEME = 'app';
const HOST = 'studio';

/** Where pages come from. */
export const ORIGIN = `${SCHEME}://${HOST}`;

/** Every file there is; no other path leads anywhere. */
const TYPES: ReadonlyMap<string, string> = new Map([
  ['viewer.html', 'text/html'],
  ['controls.html', 'text/html'],
  ['log.html', 'text/html'],
  ['viewer.js', 'text/javascript'],
  ['controls.js', 'text/javascript'],
  ['log.js', 'text/javascript'],
  ['studio.css', 'text/css'],
  ['icon.svg', 'image/svg+xml'],
]);

/** A page talks through its port, so it needs no connection: `connect-src` is `'none'` by default. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** Makes the scheme one with origins, as `https` has them. Called before Electron is ready. */
export function declareScheme(protocol: Protocol): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true } }]);
}

/** Serves a folder's files from now on. Called once Electron is ready. */
export function serveFiles(protocol: Protocol, folder: string): void {
  protocol.handle(SCHEME, async ({ method, url }) => {
    const { host, pathname } = new URL(url);
    if (method !== 'GET' || host !== HOST) return new Response(null, { status: 404, headers: HEADERS });
    return answer(folder, pathname);
  });
}

/** The answer to a request for one path. */
export async function answer(folder: string, pathname: string): Promise<Response> {
  const name = pathname.slice(1);
  const type = TYPES.get(name);
  if (type === undefined) return new Response(null, { status: 404, headers: HEADERS });
  const body = await readFile(join(folder, name));
  return new Response(body, { headers: { ...HEADERS, 'content-type': `${type}; charset=utf-8` } });
}
