// Builds the studio and runs it in Electron: the executable that ELECTRON_PATH names, or that of the package.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The exit code for what the user can mend. */
const EXIT_USAGE = 2;

/** Electron's executable; undefined when there is none. Asking the package itself would download one. */
function electron() {
  if (process.env.ELECTRON_PATH) return existsSync(process.env.ELECTRON_PATH) ? process.env.ELECTRON_PATH : undefined;
  try {
    const folder = dirname(createRequire(import.meta.url).resolve("electron/package.json"));
    const path = join(folder, "dist", readFileSync(join(folder, "path.txt"), "utf8"));
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function fail(sentence) {
  console.error(`camera-studio: ${sentence}`);
  process.exit(EXIT_USAGE);
}

const executable = electron();
if (executable === undefined) {
  fail(
    process.env.ELECTRON_PATH
      ? `ELECTRON_PATH names ${process.env.ELECTRON_PATH}, and there is no such file`
      : "Electron's executable is not installed: run `npx --no install-electron`, or name one in ELECTRON_PATH",
  );
}
const { assemble, compile } = await import("./build.mjs");
try {
  await assemble(compile());
} catch (error) {
  fail(error.message);
}
const child = spawn(executable, [fileURLToPath(new URL("..", import.meta.url)), ...process.argv.slice(2)], { stdio: "inherit" });
child.once("error", (error) => fail(`${executable} does not start: ${error.message}`));
child.once("exit", (code, signal) => (signal === null ? process.exit(code) : process.kill(process.pid, signal)));
