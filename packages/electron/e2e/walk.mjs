// Walks through docs/electron.md as a reader does: writes the files that it shows and runs its commands, in order. Not run are those that
// would download or build anew what the repository has already; what is put in their place stands in `INSTEAD`.
import { execFile } from "node:child_process";
import { access, chmod, copyFile, mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

/** What cargo has built, and builds into. */
const target = resolve(root, process.env.CARGO_TARGET_DIR ?? "target");

/** The addon that the application loads. */
export const addon = process.env.PORTCULLIS_ADDON_PATH ?? join(target, "debug/libportcullis_node.so");

/** What hangs ends, in milliseconds: for one block of commands, of which one compiles a few crates. */
const BLOCK_MS_MAX = 4 * 60_000;

/** By a command's beginning: what is run instead, undefined for nothing. */
const INSTEAD = [
  ["npm ci", () => undefined],
  ["npm run packages", (line, { folder }) => line.replace(/ \.\.$/, ` ${folder}`)],
  ["cargo install", () => undefined],
  ["cargo build", () => undefined],
  // Links to the repository's packages come behind the block, since npm would remove them.
  ["npm install --save-dev", (line, walk) => void walk.linked.push(...line.split(" ").slice(3))],
  ["npm install", (line) => `${line} --offline --legacy-peer-deps --no-audit --no-fund`],
  // The crates as the repository has built them, and with the versions of its lock file.
  ["cargo add", (line) => line.replace("../portcullis", root)],
  ["(cd contract && cargo run)", (line) => `cp ${root}/Cargo.lock contract/ && ${line}`],
  ["export PORTCULLIS_ADDON_PATH", () => undefined],
  ["npx electron", () => undefined],
];

/** The blocks of the document that are files or commands, in order. */
async function blocks() {
  const text = await readFile(join(root, "docs/electron.md"), "utf8");
  return [...text.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].map(([, language, body]) => {
    if (language === "sh") return { lines: body.trim().split("\n") };
    const [, name] = /^(?:\/\/|<!--) (\S+)(?: -->)?\n/.exec(body) ?? [];
    if (name === undefined) throw new Error(`docs/electron.md: this block does not begin with the name of its file:\n${body}`);
    return { name, body };
  });
}

export class Walk {
  /** The commands that were run or had something else in their place, for a test to look at. */
  commands = [];
  linked = [];

  constructor(folder) {
    this.folder = folder;
    this.cwd = root;
    this.env = {
      ...process.env,
      PATH: `${join(folder, "bin")}:${process.env.PATH}`,
      CARGO_TARGET_DIR: target,
      // As the repository has it, for the sake of what both can use.
      CARGO_PROFILE_DEV_DEBUG: "line-tables-only",
      npm_config_update_notifier: "false",
    };
    // Whatever runs this test must not talk to the tests of the document.
    delete this.env.NODE_TEST_CONTEXT;
  }

  /** The application's folder. */
  get app() {
    return join(this.folder, "notes");
  }

  file(name) {
    return join(this.app, name);
  }

  async command(script) {
    const options = { cwd: this.cwd, env: this.env, timeout: BLOCK_MS_MAX, maxBuffer: 16 * 1024 * 1024 };
    const { stdout } = await run("bash", ["-euc", `${script}\npwd`], options).catch((error) => {
      throw new Error(`${script}\n${error.stdout}${error.stderr}`);
    });
    const lines = stdout.trimEnd().split("\n");
    this.cwd = lines.pop();
    return lines.join("\n");
  }

  async #take({ lines }) {
    const script = lines.flatMap((line) => {
      this.commands.push(line);
      const [, instead] = INSTEAD.find(([beginning]) => line.startsWith(beginning)) ?? [];
      return (instead === undefined ? line : instead(line, this)) ?? [];
    });
    await this.command(script.join("\n"));
    // The first block is the checkout's, the next makes the application's folder.
    if (this.cwd === root) this.cwd = this.folder;
    for (const name of this.linked.splice(0)) await this.#link(name);
  }

  async #link(name) {
    const there = join(root, "node_modules", name);
    const { bin = {} } = JSON.parse(await readFile(join(there, "package.json"), "utf8"));
    await symlink(there, this.file(`node_modules/${name}`));
    await mkdir(this.file("node_modules/.bin"), { recursive: true });
    for (const [command, file] of Object.entries(bin)) await symlink(join(there, file), this.file(`node_modules/.bin/${command}`));
  }

  /** Everything, from the first block to the last. */
  async all() {
    const portcullis = join(target, "debug/portcullis");
    for (const built of [portcullis, addon]) {
      await access(built).catch(() => {
        throw new Error(`${built} is not there: cargo build -p portcullis-cli -p portcullis-node`);
      });
    }
    await mkdir(join(this.folder, "bin"));
    await symlink(portcullis, join(this.folder, "bin/portcullis"));
    const all = await blocks();
    // Files that come later in the document are there before the commands: `tsc` looks at all of them.
    const begun = all.findIndex(({ lines }) => lines?.[0].startsWith("mkdir notes"));
    for (const block of all.slice(0, begun + 1)) await this.#take(block);
    for (const { name, body } of all) {
      if (name === undefined) continue;
      await mkdir(dirname(this.file(name)), { recursive: true });
      await writeFile(this.file(name), body);
    }
    for (const block of all.slice(begun + 1)) if (block.lines !== undefined) await this.#take(block);
  }

  /** Puts the addon in as a release has it: a package for this platform. */
  async installPlatform(platform) {
    const made = join(this.folder, "npm");
    await this.command(`node ${root}/packages/node/scripts/platforms.mjs --out ${made}`);
    const place = this.file(`node_modules/@portcullis/node-${platform}`);
    await mkdir(place);
    await copyFile(join(made, platform, "package.json"), join(place, "package.json"));
    await copyFile(addon, join(place, "portcullis.node"));
    await chmod(join(place, "portcullis.node"), 0o755);
  }

  remove() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/** A walk in a folder of its own. */
export async function walk() {
  return new Walk(await realpath(await mkdtemp(join(tmpdir(), "portcullis-walk-"))));
}
