/** The page's side: connects to the hub in main through the one function that the preload exposes. */
export { type Hint, ConnectRefused, type Refusal, type RefusalCode } from '../shared/refusal.js';
export { connectElectron, type ElectronConnectOptions, isPortcullisPage, refusalOf } from './connect.js';
