// Bundles what the tests run: the adapter's own preload scripts, and main, page and utility process of the tests.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { preloads } from "../scripts/preload.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Bundles into a folder of its own, which `remove` removes; `file(name)` is one of the bundles. */
export async function bundles() {
  const folder = await mkdtemp(join(tmpdir(), "portcullis-electron-"));
  const common = {
    absWorkingDir: root, bundle: true, outdir: folder, conditions: ["source"], external: ["electron"], format: "esm", logLevel: "warning",
  };
  const node = { ...common, platform: "node", target: "node20", outExtension: { ".js": ".mjs" } };
  const page = { ...common, platform: "browser", target: "chrome140", format: "iife" };
  await Promise.all([
    preloads(folder),
    build({ ...node, entryPoints: ["main", "worker", "smoke", "smoke-worker"].map((name) => `e2e/app/${name}.ts`) }),
    build({ ...page, entryPoints: ["e2e/app/page.ts"] }),
    build({ ...page, entryPoints: ["e2e/app/smoke-page.ts"], format: "esm" }),
  ]);
  return { file: (name) => join(folder, name), remove: () => rm(folder, { recursive: true, force: true }) };
}
