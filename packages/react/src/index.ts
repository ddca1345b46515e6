/** Portcullis in React: a provider for the connection, and hooks over typed clients. */
export type { Bound } from './binding.js';
export { PortcullisProvider, type PortcullisProviderProps, useConnection, usePortcullis } from './provider.js';
export type { ConnectionState, Source } from './source.js';
export { type CallResult, useCall } from './use-call.js';
export { useClient } from './use-client.js';
export { useSharedState } from './use-shared-state.js';
export { type TopicOf, type TopicResult, useStateTopic, type ValueOf } from './use-state-topic.js';
export { type StreamOptions, type StreamResult, useStream } from './use-stream.js';
