/** The code tables, by name and by code. */
import { REASON_CODES, type ReasonName, STATUS_CODES, type StatusName } from './generated/tables.js';

function nameOf<Name extends string>(codes: Readonly<Record<Name, number>>, code: number): Name | undefined {
  return (Object.keys(codes) as Name[]).find((name) => codes[name] === code);
}

/** The name of a goodbye's code. */
export const reasonOf = (code: number): ReasonName | undefined => nameOf(REASON_CODES, code);
/** The name of a status code. */
export const statusOf = (code: number): StatusName | undefined => (code === 0 ? 'ok' : nameOf(STATUS_CODES, code));
/** The code of a goodbye. */
export const reasonCode = (name: ReasonName): number => REASON_CODES[name];
/** The code of a status. */
export const statusCode = (name: StatusName): number => STATUS_CODES[name];
