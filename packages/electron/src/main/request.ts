/** Reads what a page's preload sent. It came through a structured clone, yet nothing about it is believed. */
import { ADAPTER_PROTOCOL, type ConnectRequest, isContract } from '../shared/words.js';

const VERSION_MAX = 99_999;

function version(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= VERSION_MAX ? (value as number) : undefined;
}

/** An own property that is plain data; getters are not run, and what a prototype has does not count. */
function own(from: object, name: string): unknown {
  const found = Object.getOwnPropertyDescriptor(from, name);
  return found !== undefined && 'value' in found ? found.value : undefined;
}

/** The request, or undefined when it is none. Never throws. */
export function readRequest(data: unknown): ConnectRequest | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  try {
    const protocol = version(own(data, 'protocol'));
    // A preload that says nothing of itself is of this version.
    const preload = Object.hasOwn(data, 'preload') ? version(own(data, 'preload')) : ADAPTER_PROTOCOL;
    const hash = own(data, 'hash');
    if (protocol === undefined || preload === undefined || typeof hash !== 'string' || !isContract(hash)) return undefined;
    return { protocol, preload, hash };
  } catch {
    // A proxy's trap.
    return undefined;
  }
}
