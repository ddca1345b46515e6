/** The client of Portcullis: connect, bind, call, listen, serve. Generated modules import this, applications as well. */
export * from './codec/index.js';
export { connect, type ConnectOptions, Portcullis } from './client.js';
export { ApplicationError, CallError, type Failure, type Retry, type StatusError } from './errors.js';
export {
  type ErrorKind,
  REASON_CODES,
  RECONNECT_REASONS,
  type ReasonName,
  type RetryAdvice,
  STATUS_CODES,
  STATUS_RETRIES,
  type StatusName,
  VIOLATIONS_FROM,
} from './generated/tables.js';
export type * from './interface.js';
export { iterate, type IterateOptions, type Received, type Subscribe } from './iterate.js';
export { publisherOf } from './publisher.js';
export {
  type Always,
  type Dial,
  type Lost,
  Reconnecting,
  reconnecting,
  type ReconnectOptions,
  type ReconnectState,
} from './reconnect/reconnecting.js';
export { ROLLS, WAIT_POLICY, type WaitPolicy, Waits } from './reconnect/waits.js';
export type { Logger, State } from './runtime/connection.js';
export { sendItems } from './runtime/sending.js';
export { openStream } from './runtime/stream.js';
export { subscribeTo } from './runtime/subscription.js';
export { serve, type Served, type ServeOptions } from './serve.js';
export { type Limits, LIMITS_DEFAULT } from './session/limits.js';
export type { Target } from './session/wire.js';
export { UpdateError, type UpdateOutcome } from './state/error.js';
export { type OwnOptions, type OwnState, ownState } from './state/own.js';
export { type SharedState, sharedState, type SharedStateOptions, type UpdateOptions } from './state/shared.js';
export type { Stale, StateVersion, Versioned } from './state/version.js';
export { memoryPair } from './transport/memory.js';
export { type MessagePortOptions, messagePortTransport } from './transport/message-port.js';
export type { Transport } from './transport/transport.js';
export { connectWithTicket, SUBPROTOCOL, TICKET_PREFIX, type TicketOptions, webSocketTransport } from './transport/websocket.js';
