// Builds the windows into dist/, which is checked in so that the studio needs only the Rust toolchain.
// With --check nothing is written: it fails when dist/ is not what would be written.
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const NOTE = "Generated from examples/camera-studio/pages by `npm run build`. Do not edit.";

const WINDOWS = [
  { name: "viewer", title: "Viewer", skip: "the picture" },
  { name: "controls", title: "Controls", skip: "the controls" },
  { name: "log", title: "Message log", skip: "the messages" },
];

/** All files of the windows, by name. `connect` is the module that reaches the studio. */
export async function pages({ connect = join(root, "src/connect.ts") } = {}) {
  const files = new Map();
  const shell = await readFile(join(root, "src/shell.html"), "utf8");
  for (const { name, title, skip } of WINDOWS) {
    const main = await readFile(join(root, "src", name, "page.html"), "utf8");
    const html = shell
      .replace("<!doctype html>\n", `<!doctype html>\n<!-- ${NOTE} -->\n`)
      .replaceAll("{{title}}", title)
      .replaceAll("{{name}}", name)
      .replaceAll("{{skip}}", skip)
      .replaceAll(/\{\{current:(\w+)\}\}/g, (_, link) => (link === name ? ' aria-current="page"' : ""))
      .replace("{{main}}", () => main.trimEnd());
    files.set(`${name}.html`, html);
  }
  const icon = await readFile(join(root, "assets/icon.svg"), "utf8");
  files.set("icon.svg", icon.replace("\n", `\n  <!-- ${NOTE} -->\n`));

  const result = await build({
    absWorkingDir: root,
    entryPoints: [
      ...WINDOWS.map(({ name }) => ({ in: `src/${name}/main.ts`, out: name })),
      { in: "src/styles/studio.css", out: "studio" },
    ],
    // The client as it is written, not as it was last compiled.
    conditions: ["source"],
    plugins: [
      {
        name: "connect",
        setup: (build) => build.onResolve({ filter: /^\.\.\/connect$/ }, () => ({ path: connect })),
      },
    ],
    bundle: true,
    write: false,
    outdir: dist,
    format: "esm",
    target: ["chrome120", "firefox121", "safari17.4"],
    charset: "utf8",
    legalComments: "none",
    banner: { js: `// ${NOTE}`, css: `/* ${NOTE} */` },
    logLevel: "warning",
  });
  for (const file of result.outputFiles) files.set(file.path.slice(dist.length + 1), file.text);
  return files;
}

async function check(files) {
  const present = new Set(await readdir(dist).catch(() => []));
  const stale = [];
  for (const [name, text] of files) {
    if (!present.delete(name) || (await readFile(join(dist, name), "utf8")) !== text) stale.push(name);
  }
  stale.push(...present);
  if (stale.length > 0) {
    console.error(`dist/ is not what the sources make: ${stale.join(", ")}. Run: npm run build -w examples/camera-studio/pages`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const files = await pages();
  if (process.argv.includes("--check")) {
    await check(files);
  } else {
    await mkdir(dist, { recursive: true });
    for (const [name, text] of files) await writeFile(join(dist, name), text);
  }
}
