/** The preload script for windows in which main has opted in frames of other pages; see `childFrames`. */
import { contextBridge, ipcRenderer } from 'electron';
import { expose } from './expose.js';

expose({ contextBridge, ipcRenderer }, window, true);
