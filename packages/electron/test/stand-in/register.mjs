// `node --import register.mjs` makes `electron` the stand-in for the whole process.
import { register } from "node:module";

const hook = `
const ELECTRON = ${JSON.stringify(new URL("electron.mjs", import.meta.url).href)};
export const resolve = (name, context, next) =>
  name === "electron" ? { url: ELECTRON, shortCircuit: true } : next(name, context);
`;

register(`data:text/javascript,${encodeURIComponent(hook)}`);
