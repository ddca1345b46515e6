/**
 * The preload script, to be bundled into an application's own: `import '@portcullis/electron/preload'`. Not needed where main
 * registers the prebuilt bundle, which it does by default.
 */
import { contextBridge, ipcRenderer } from 'electron';
import { expose } from './expose.js';

expose({ contextBridge, ipcRenderer }, window, false);
