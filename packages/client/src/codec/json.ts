/**
 * Checks a JSON text: RFC 8259, nested at most 64 deep. The grammar is `JSON.parse`'s, which is the RFC's; only the
 * depth is counted here, before the parser sees the text.
 */
import { fail } from './error.js';

/** How deep arrays and objects may nest. */
export const JSON_DEPTH_MAX = 64;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ARRAY_OPEN = 0x5b;
const ARRAY_CLOSE = 0x5d;
const OBJECT_OPEN = 0x7b;
const OBJECT_CLOSE = 0x7d;

/** Whether a text opens more than the allowed arrays and objects at once. Says nothing of what is not JSON. */
function tooDeep(text: string): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        for (index++; index < text.length && text.charCodeAt(index) !== QUOTE; index++) {
          if (text.charCodeAt(index) === BACKSLASH) {
            index++;
          }
        }
        break;
      case ARRAY_OPEN:
      case OBJECT_OPEN:
        depth++;
        if (depth > JSON_DEPTH_MAX) {
          return true;
        }
        break;
      case ARRAY_CLOSE:
      case OBJECT_CLOSE:
        depth--;
        break;
      default:
    }
  }
  return false;
}

/** The value of a JSON text. */
export function checkJson(text: string): unknown {
  if (tooDeep(text)) {
    fail('bad_json', `nested deeper than ${JSON_DEPTH_MAX}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    fail('bad_json', error instanceof Error ? error.message : String(error));
  }
}
