// One application from end to end: in the stand-in always, and in Electron itself wherever there is one.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { addonPath, SCHEMA } from "./application.mjs";
import { bundles } from "./bundles.mjs";
import { findElectron } from "./find-electron.mjs";
import { WATCHDOG } from "./support.mjs";

/** A watchdog: what has not ended by then is ended. */
const RUN_MS_MAX = 120_000;

const REGISTER = new URL("../test/stand-in/register.mjs", import.meta.url).href;

let built;

before(async () => void (built = await bundles()), WATCHDOG);
after(() => built?.remove(), WATCHDOG);

/** Runs the application: what it says of itself in its one line. */
async function smoke(command, args) {
  const env = { ...process.env, SMOKE_FOLDER: built.file(""), SMOKE_SCHEMA: fileURLToPath(SCHEMA), PORTCULLIS_ADDON_PATH: addonPath() };
  const child = spawn(command, [...args, built.file("smoke.mjs")], { env, stdio: ["ignore", "pipe", "pipe"] });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  const timer = setTimeout(kill, RUN_MS_MAX);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (part) => (said = (said + part).slice(-100_000)));
  const code = await new Promise((resolve, reject) => child.once("error", reject).once("close", (code, signal) => resolve(code ?? signal)));
  clearTimeout(timer);
  process.off("exit", kill);
  const line = /^SMOKE (.*)$/m.exec(said);
  assert.ok(line !== null, `it has ended with ${code} and said: ${said}`);
  return { code, ...JSON.parse(line[1]) };
}

const STEPS = [
  "the page has called main, a megabyte there and back", "main was answered by page: main", "the page was loaded anew and is a new peer",
  "the utility process has answered", "nothing is left",
];

test("an executable is looked for where ELECTRON_PATH says, and then in the package", () => {
  const files = new Set(["/own/electron", "/modules/electron/path.txt", "/modules/electron/dist/electron"]);
  const where = { env: {}, resolve: () => "/modules/electron/package.json", exists: (path) => files.has(path), read: () => "electron\n" };
  assert.deepEqual(findElectron({ ...where, env: { ELECTRON_PATH: "/own/electron" } }), { path: "/own/electron", from: "ELECTRON_PATH" });
  assert.throws(() => findElectron({ ...where, env: { ELECTRON_PATH: "/gone" } }), /ELECTRON_PATH names \/gone, which does not exist/);
  assert.deepEqual(findElectron(where), { path: "/modules/electron/dist/electron", from: "the package electron" });
  files.delete("/modules/electron/dist/electron");
  assert.match(findElectron(where).none, /without its executable/);
  files.delete("/modules/electron/path.txt");
  assert.match(findElectron(where).none, /without its executable/);
  const nothing = () => {
    throw new Error("not found");
  };
  assert.match(findElectron({ ...where, resolve: nothing }).none, /not installed/);
});

test("a whole application runs in the stand-in, in a process of its own", WATCHDOG, async () => {
  const { code, why, steps, electron } = await smoke(process.execPath, ["--import", REGISTER]);
  assert.equal(why, undefined);
  assert.deepEqual({ code, steps }, { code: 0, steps: STEPS });
  assert.match(electron, /^\d+\.\d+\.\d+$/);
});

const found = findElectron();
if (found.none !== undefined) {
  console.log(`NOT RUN: nothing was run in Electron itself: ${found.none}`);
} else {
  describe("in Electron itself", WATCHDOG, () => {
    test(`a whole application runs (${found.path}, from ${found.from})`, async () => {
      // Its sandbox refuses root, and its windows want a screen.
      const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
      const screen = process.platform !== "linux" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
      const virtual = !screen && spawnSync("xvfb-run", ["--help"]).status === 0;
      const { code, why, steps, electron } = virtual
        ? await smoke("xvfb-run", ["--auto-servernum", found.path, ...args])
        : await smoke(found.path, args);
      console.log(`run in Electron ${electron}`);
      assert.equal(why, undefined);
      assert.deepEqual({ code, steps }, { code: 0, steps: STEPS });
    });
  });
}
