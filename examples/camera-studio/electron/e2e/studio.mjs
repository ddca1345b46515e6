// The studio's real main in this process, with Chromium behind `electron` (packages/electron/test/stand-in). STUDIO_TARGET
// names the folder of what cargo has built before; without it, cargo builds.
import "../../../../packages/electron/test/stand-in/register.mjs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";
import { assemble, compile } from "../scripts/build.mjs";

// The process is the test's: it goes on when the application has ended.
delete process.env.STAND_IN_ENDS_PROCESS;

const folder = await mkdtemp(join(tmpdir(), "studio-electron-"));
const file = (name) => join(folder, name);

/** The pages, with the very headers that they have under `app://studio`. */
async function servePages() {
  const outfile = file("pages.mjs");
  await build({ entryPoints: [fileURLToPath(new URL("../src/pages.ts", import.meta.url))], outfile, format: "esm", platform: "node" });
  const { answer } = await import(pathToFileURL(outfile).href);
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await answer(file("pages"), new URL(request.url, "http://localhost").pathname);
    response.writeHead(status, Object.fromEntries(headers));
    if (body !== null) for await (const part of body) response.write(part);
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Starts the studio: its three windows as the stand-in has them, by their page's name. */
export async function startStudio() {
  await assemble(process.env.STUDIO_TARGET ?? compile(), folder);
  const server = await servePages();
  // Chromium knows no scheme of an application's own, so here the pages come over http.
  process.env.ELECTRON_RENDERER_URL = `http://127.0.0.1:${server.address().port}`;
  const { app, BrowserWindow } = await import("electron");
  await import(pathToFileURL(file("main.mjs")).href);
  const window = (name) => BrowserWindow.open.find((each) => each.webContents.getURL().endsWith(`/${name}.html`));
  return {
    app,
    window,
    /** How many windows there are. */
    count: () => BrowserWindow.open.length,
    /** The numbers of the processes that this one has started from the studio's binary. */
    async workers() {
      const found = [];
      for (const id of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
        const command = await readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "");
        if (command.startsWith(`${file("camera-studio")}\0`)) found.push(Number(id));
      }
      return found;
    },
    async remove() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Asks until the answer is yes; a watchdog, not a measurement. */
export async function until(ask, what, withinMs = 60_000) {
  const end = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`no ${what} in time`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
