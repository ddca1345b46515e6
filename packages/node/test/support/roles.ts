/** The roles of programs that run by themselves. */
import type { RoleConfig } from '../../src/index.js';

export const MAIN: RoleConfig = { name: 'main', call: ['example.pictures.*'], subscribe: ['example.pictures.*'] };
