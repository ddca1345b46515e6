/** The hub of Portcullis in Node's or Electron's main process. */
export { outsideOfAsar } from './candidates.js';
export type { AdmissionConfig, Attached, Grant, GrantAction, HubConfig, HubPort, PolicySource, RoleConfig, RoleGrant } from './config.js';
export { AddonLoadError, AdmitError, type Attempt, HubError, type HubErrorCode } from './errors.js';
export type { DenyReason, HubCounters, HubEvent, PeerCounters, PeerInfo, PeerKind } from './events.js';
export { Hub } from './hub.js';
