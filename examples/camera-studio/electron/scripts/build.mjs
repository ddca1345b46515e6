// Puts the whole application into dist/: bundles of main and the light meter, the preload script, the pages, and what cargo
// has built, the addon and the studio's binary.
import { spawnSync } from "node:child_process";
import { cp, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { preloads } from "../../../../packages/electron/scripts/preload.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const repository = join(root, "../../..");

/** What cargo calls the addon, and a program. */
const ADDON = { win32: "camera_studio_addon.dll", darwin: "libcamera_studio_addon.dylib" }[process.platform] ?? "libcamera_studio_addon.so";
const program = (name) => (process.platform === "win32" ? `${name}.exe` : name);

/** Builds what is in Rust, and says in which folder it is. Throws when cargo fails, which has said why. */
export function compile() {
  const flags = ["build", "--release", "--package", "camera-studio", "--package", "camera-studio-addon"];
  const { error, status } = spawnSync("cargo", flags, { cwd: repository, stdio: "inherit" });
  if (error !== undefined) throw new Error(`cargo does not start (${error.message}): install the Rust toolchain`);
  if (status !== 0) throw new Error("cargo has failed");
  return join(process.env.CARGO_TARGET_DIR ?? join(repository, "target"), "release");
}

/** Writes the application into `outdir`; `target` is the folder of what cargo has built. */
export async function assemble(target, outdir = join(root, "dist")) {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await Promise.all([
    build({
      absWorkingDir: root,
      entryPoints: ["src/main.ts", "src/light.ts"],
      outdir,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      // The packages as they are written, not as they were last compiled.
      conditions: ["source"],
      external: ["electron"],
      format: "esm",
      platform: "node",
      target: "node20.19",
      legalComments: "none",
      logLevel: "warning",
    }),
    preloads(outdir),
    cp(join(root, "policy.toml"), join(outdir, "policy.toml")),
    cp(join(root, "../pages/dist"), join(outdir, "pages"), { recursive: true }),
    cp(join(target, ADDON), join(outdir, "studio.node")),
    cp(join(target, program("camera-studio")), join(outdir, program("camera-studio"))),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await assemble(compile());
