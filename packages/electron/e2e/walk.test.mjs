// The tutorial, docs/electron.md, works as it is written: with the packages as npm packs them, its files and commands make an application
// whose window opens under its strict policy, in the stand-in.
import "../test/stand-in/register.mjs";
import assert from "node:assert/strict";
import { access, readFile, writeFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import * as control from "../test/stand-in/control.mjs";
import { until, WATCHDOG } from "./support.mjs";
import { addon, walk } from "./walk.mjs";

// The process is the test's: it goes on when the application has ended.
delete process.env.STAND_IN_ENDS_PROCESS;

let notes;

before(async () => {
  notes = await walk();
  await notes.all();
}, WATCHDOG);

after(async () => {
  const { app } = await import("electron");
  app.exit(0);
  await app.exited;
  await notes?.remove();
}, WATCHDOG);

describe("docs/electron.md", WATCHDOG, () => {
  test("runs every command of the tutorial", () => {
    for (const command of ["npm run packages", "npx tsc", "npx esbuild src/page.ts", "npx electron .", "node --test"]) {
      assert.ok(notes.commands.some((line) => line.startsWith(command)), command);
    }
  });

  test("packs packages that hold every file that they export", async () => {
    const files = (entry) => (typeof entry === "string" ? [entry] : Object.entries(entry).flatMap(([name, each]) => (name === "source" ? [] : files(each))));
    for (const name of ["client", "node", "electron"]) {
      const folder = notes.file(`node_modules/@portcullis/${name}/`);
      const { exports } = JSON.parse(await readFile(`${folder}package.json`, "utf8"));
      for (const file of files(exports)) await access(`${folder}${file}`);
    }
  });

  test("does not compile what it says does not", async () => {
    const wrong = ["notes.add({ text: 1 })", "notes.ad()", "notes.add({})"].map((line) => `// @ts-expect-error\n${line};\n`).join("");
    const lines = ["import { Notes } from './generated/index.js';", "import { connectElectron } from '@portcullis/electron/renderer';"];
    await writeFile(notes.file("src/wrong.ts"), `${lines.join("\n")}\nconst notes = await connectElectron({}).bind(Notes);\n${wrong}`);
    await notes.command("npx tsc");
  });

  test("loads the addon of a package for the platform, as a release has it", async () => {
    const program = `const { Hub } = await import('@portcullis/node');
      new Hub({ schema: (await import('node:fs')).readFileSync('contract/contract.schema'), roles: [] }).close();`;
    const start = `env -u PORTCULLIS_ADDON_PATH node --input-type=module --eval "${program}"`;
    await assert.rejects(notes.command(start), /@portcullis\/node-[\w-]+: the package is not installed/);
    const musl = process.report.getReport().header.glibcVersionRuntime === undefined;
    const libc = process.platform !== "linux" ? "" : musl ? "-musl" : "-gnu";
    await notes.installPlatform(`${process.platform}-${process.arch}${libc}`);
    await notes.command(start);
  });

  test("opens a typed window under the strict policy", async () => {
    process.env.PORTCULLIS_ADDON_PATH = addon;
    process.env.STAND_IN_APP = notes.app;
    const { app, BrowserWindow } = await import("electron");
    await import(pathToFileURL(notes.file("dist/main.js")).href);
    const window = await until(() => BrowserWindow.open[0], "window");
    const evaluate = (expression) => control.evaluate(window.webContents, expression);
    await until(() => evaluate("document.body?.textContent === 'hello'").catch(() => false), "hello in the page");
    assert.equal(window.webContents.getURL(), "app://notes/index.html");
    assert.equal(window.webContents.mainFrame.origin, "app://notes");
    assert.deepEqual(control.problems(window.webContents), []);
    // The policy is that of the document, and holds.
    const refused = (expression) => evaluate(`(async () => ${expression})().then(() => "allowed", ({ name }) => name)`);
    assert.equal(await refused("fetch('/index.html')"), "TypeError");
    // In a task of its own: what the debugger evaluates may.
    assert.equal(await refused("new Promise((done, failed) => setTimeout(() => { try { done(Function('')) } catch (error) { failed(error) } }))"), "EvalError");
    assert.equal(await refused("document.body.innerHTML = '<b>'"), "TypeError");
    // What lies outside of the folder or is not there is not found, and the page stays where it is.
    for (const path of ["/%2e%2e%2fpackage.json", "/none.js", "/%"]) {
      const script = `new Promise((loaded, failed) => { const s = document.createElement('script');
        s.onload = loaded; s.onerror = () => failed(new ReferenceError()); s.src = policy.createScriptURL('${path}'); document.head.append(s); })`;
      await evaluate("globalThis.policy ??= trustedTypes.createPolicy('test', { createScriptURL: (url) => url }), 0");
      assert.equal(await refused(script), "ReferenceError", path);
    }
  });
});
