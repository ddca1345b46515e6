/** The test kit: typed clients over handlers that a test writes, without Electron, a browser or a hub. */
export { type Mock, mock, type MockOptions } from './mock.js';
export type {
  AnyRecordedCall,
  ArgumentsOf,
  ErrorOf,
  InjectedFailure,
  MethodOf,
  RecordedCall,
  RecordedCallOf,
  ReplyOf,
} from './types.js';
