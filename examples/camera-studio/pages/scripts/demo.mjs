// Serves the windows with generated data, without the studio: only for designing them.
// The headers are those of the studio, so that what its content policy forbids fails here too.
import { createServer } from "node:http";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { pages } from "./build.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

/** Starts the server on a free port (or the one given), and gives its address. */
export async function serve(port = 0) {
  const files = await pages({ connect: join(root, "demo/connect.ts") });
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname.slice(1) || "viewer.html";
    const text = files.get(name);
    response.setHeader("Content-Security-Policy", POLICY);
    response.setHeader("Content-Type", `${TYPES[extname(name)] ?? "text/plain"}; charset=utf-8`);
    response.statusCode = text === undefined ? 404 : 200;
    response.end(text ?? "not found\n");
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { server, address: `http://127.0.0.1:${server.address().port}` };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { address } = await serve(Number(process.argv[2] ?? 0));
  for (const name of ["viewer", "controls", "log"]) console.log(`${address}/${name}.html`);
}
