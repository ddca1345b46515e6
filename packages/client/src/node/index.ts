/** What only Node has: transports over Unix sockets. */
export { socketTransport, type UnixAddress, unixTransport } from './unix.js';
