import { net, protocol } from 'electron';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/** The file of an address, if it is inside of the folder and can be read. */
async function find(folder: string, address: string): Promise<Response | undefined> {
  const { host, pathname } = new URL(address);
  try {
    const file = path.join(folder, decodeURIComponent(pathname));
    const inside = path.relative(folder, file);
    if (host !== 'my-app' || inside.startsWith('..') || path.isAbsolute(inside)) return undefined;
    return await net.fetch(pathToFileURL(file).href);
  } catch {
    return undefined;
  }
}

export function servePages(folder: string): void {
  protocol.handle('app', async (request) => {
    const found = (await find(folder, request.url)) ?? new Response('not found', { status: 404 });
    const headers = new Headers(found.headers);
    headers.set('Content-Security-Policy', POLICY);
    headers.set('X-Content-Type-Options', 'nosniff');
    return new Response(found.body, { status: found.status, headers });
  });
}
