// `node --import register.mjs` makes `electron` the stand-in for a program that knows nothing of it.
import { register } from "node:module";

const hook = `
const ELECTRON = ${JSON.stringify(new URL("electron.mjs", import.meta.url).href)};
export const resolve = (name, context, next) =>
  name === "electron" ? { url: ELECTRON, shortCircuit: true } : next(name, context);
`;

register(`data:text/javascript,${encodeURIComponent(hook)}`);
process.env.STAND_IN_ENDS_PROCESS = "1";
