/** What a test has opened. */
export const open: (() => void | Promise<void>)[] = [];
