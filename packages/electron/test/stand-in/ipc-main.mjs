// `ipcMain`: messages of preload scripts by channel, with `(event, message)`.
import { EventEmitter } from "node:events";

export const ipcMain = new EventEmitter();
