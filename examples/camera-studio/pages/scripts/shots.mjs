// Takes pictures of the windows with generated data, in both colour schemes: only for designing them.
// node scripts/shots.mjs FOLDER [name-part]
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./browser.mjs";
import { serve } from "./demo.mjs";

const [folder, part = ""] = process.argv.slice(2);
if (folder === undefined) {
  console.error("give the folder to write to");
  process.exit(2);
}

const SHOTS = [
  { name: "viewer", path: "viewer.html", wait: 17000 },
  { name: "viewer-unplugged", path: "viewer.html?state=unplugged" },
  { name: "viewer-lost", path: "viewer.html?state=lost", wait: 5000 },
  { name: "viewer-narrow", path: "viewer.html", width: 420, height: 900 },
  { name: "controls", path: "controls.html" },
  {
    name: "controls-used",
    path: "controls.html",
    height: 1000,
    script: `
      document.querySelector("#take-snapshot").click();
      document.querySelector("#notice").value = "Recording starts in five minutes";
      document.querySelector("#notice").dispatchEvent(new Event("input"));
      document.querySelector("#send-notice").click();
      document.querySelectorAll(".camera .button")[2].click();
      document.querySelector("#gain").focus();`,
  },
  { name: "controls-narrow", path: "controls.html", width: 420, height: 1500 },
  { name: "log", path: "log.html" },
  {
    name: "log-filtered",
    path: "log.html",
    script: `
      document.querySelector("#filter").value = "from:controls";
      document.querySelector("#filter").dispatchEvent(new Event("input"));
      document.querySelector("input[value=stream]").click();
      document.querySelector("#pause").click();`,
    after: 1500,
  },
  { name: "log-narrow", path: "log.html", width: 420, height: 900 },
];

await mkdir(folder, { recursive: true });
const { server, address } = await serve();
const browser = await launch();
for (const shot of SHOTS.filter(({ name }) => name.includes(part))) {
  for (const scheme of ["light", "dark"]) {
    const page = await browser.page({ width: shot.width, height: shot.height, dark: scheme === "dark" });
    await page.goto(`${address}/${shot.path}`);
    await new Promise((resolve) => setTimeout(resolve, shot.wait ?? 3000));
    if (shot.script) {
      await page.evaluate(`(() => { ${shot.script} })()`);
      await new Promise((resolve) => setTimeout(resolve, shot.after ?? 600));
    }
    await writeFile(join(folder, `${shot.name}-${scheme}.png`), await page.screenshot());
    for (const problem of page.problems) console.error(`${shot.name}: ${problem}`);
    await page.close();
  }
}
await browser.close();
server.close();
