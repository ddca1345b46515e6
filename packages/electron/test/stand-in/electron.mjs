// The module `electron` as far as Portcullis uses it in main. See README.md for what it cannot show.
/** The release that it says it is. */
export const VERSION = "45.4.1";

Object.defineProperty(process, "versions", { value: { ...process.versions, electron: process.env.STAND_IN_ELECTRON ?? VERSION } });

export { app, powerMonitor } from "./app.mjs";
export { BrowserWindow } from "./browser-window.mjs";
export { ipcMain } from "./ipc-main.mjs";
export { MessageChannelMain } from "./ports.mjs";
export { net, protocol } from "./protocol.mjs";
export { session } from "./session.mjs";
export { utilityProcess } from "./utility.mjs";
