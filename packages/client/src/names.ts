/** The code tables, by name and by code. */
import { REASON_CODES, type ReasonName, STATUS_CODES, type StatusName } from './generated/tables.js';

function byCode<Name extends string>(codes: Readonly<Record<Name, number>>): readonly (Name | undefined)[] {
  const names: Name[] = [];
  for (const name of Object.keys(codes) as Name[]) names[codes[name]] = name;
  return names;
}

const reasons = /* @__PURE__ */ byCode(REASON_CODES);
const statuses = /* @__PURE__ */ byCode(STATUS_CODES);

/** The name of a goodbye's code. */
export const reasonOf = (code: number): ReasonName | undefined => reasons[code];
/** The name of a status code. */
export const statusOf = (code: number): StatusName | undefined => statuses[code];
/** The code of a goodbye. */
export const reasonCode = (name: ReasonName): number => REASON_CODES[name];
/** The code of a status. */
export const statusCode = (name: StatusName): number => STATUS_CODES[name];
