/** The main process: the hub, the windows and processes that may connect to it, lifecycle, and moving over from `ipcMain`. */
export { ConnectRefused, type Hint, type Refusal, type RefusalCode } from '../shared/refusal.js';
export * from '../generated/index.js';
export { type BridgedEvent, fromIpcHandler, type LegacyOptions } from './bridge.js';
export type { Attachment, FrameAttachment, WindowAttachment } from './guests.js';
export type { Admission, AttachedLike, HubLike, HubPortLike } from './hub.js';
export { QUIT_GRACE_MS, type QuitOptions } from './lifecycle.js';
export type { AdapterEvent, AdapterLogger, Subject } from './log.js';
export { originOf } from './origins.js';
export type * from './parts.js';
export type { PeerEnd } from './port-peer.js';
export { createPortcullis, type ElectronOptions, ElectronPortcullis } from './portcullis.js';
export { RESTART_POLICY, type Restart, type RestartPolicy } from './supervisor/policy.js';
export type { SupervisedOptions, SupervisedParts, SupervisedPhase, SupervisedUtility, SupervisorEvent, UtilityExit } from './supervisor/process.js';
export type { UtilityAttachment } from './utility.js';
export type { KindConfig, WindowRequest } from './windows/kinds.js';
export type { WindowEvent } from './windows/tracked.js';
export type { Windows as WindowRegistry } from './windows/registry.js';
