/** The role `main`: JavaScript in main may do everything, unless the application says otherwise. */
import type { HubConfig, RoleConfig } from '@portcullis/node';

/** What is read of a schema. */
interface Schema {
  readonly interfaces?: readonly {
    readonly name: string;
    readonly channels: readonly { readonly kind: unknown }[];
  }[];
}

/** A role that may do all that the contract has. The hub refuses a grant of what an interface has not. */
function everything(schema: string | Uint8Array): RoleConfig {
  const text = typeof schema === 'string' ? schema : new TextDecoder().decode(schema);
  const { interfaces = [] } = JSON.parse(text) as Schema;
  const isTopic = ({ kind }: { readonly kind: unknown }) => kind === 'event' || kind === 'state';
  const topics = interfaces.filter(({ channels }) => channels.some(isTopic)).map(({ name }) => `${name}.*`);
  const calls = interfaces.filter(({ channels }) => !channels.every(isTopic)).map(({ name }) => `${name}.*`);
  return { name: 'main', call: calls, publish: topics, subscribe: topics, serve: interfaces.map(({ name }) => name), seesCallers: true };
}

/** The configuration with a role `main`, unless it comes from a policy file. Throws `TypeError` when it cannot be made: the contract is the addon's own. */
export function withMain(config: HubConfig): HubConfig {
  const { roles = [] } = config;
  // A policy file says itself what main may: nothing is granted beside it.
  if (config.policy !== undefined || roles.some(({ name }) => name === 'main')) return config;
  if (config.schema === undefined) {
    throw new TypeError("portcullis: declare a role named main in roles: { name: 'main', call: ['studio.cameras.*'], serve: ['studio.cameras'], seesCallers: true, … }");
  }
  return { ...config, roles: [...roles, everything(config.schema)] };
}
