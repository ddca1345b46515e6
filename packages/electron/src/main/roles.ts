/** The role `main`: JavaScript in main may do everything, unless the application says otherwise. */
import type { HubConfig } from '@portcullis/node';

/** The names of a contract's interfaces. */
function interfacesOf(schema: string | Uint8Array): string[] {
  const text = typeof schema === 'string' ? schema : new TextDecoder().decode(schema);
  const { interfaces } = JSON.parse(text) as { readonly interfaces?: readonly { readonly name?: unknown }[] };
  return (interfaces ?? []).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
}

/** The configuration with a role `main`. Throws `TypeError` when it cannot be made: the contract is the addon's own. */
export function withMain(config: HubConfig): HubConfig {
  if (config.roles.some(({ name }) => name === 'main')) return config;
  if (config.schema === undefined) {
    throw new TypeError("portcullis: declare a role named main in roles: { name: 'main', call: ['studio.cameras.*'], serve: ['studio.cameras'], … }");
  }
  const interfaces = interfacesOf(config.schema);
  const all = interfaces.map((name) => `${name}.*`);
  return { ...config, roles: [...config.roles, { name: 'main', call: all, publish: all, subscribe: all, serve: interfaces }] };
}
