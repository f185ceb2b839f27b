/** Which endpoint an operator means. */
import { inspect, type InspectedService } from '@lb/registry';

import { CommandError } from './errors.ts';
import type { RegistryOptions } from './settings.ts';

const everyEndpoint = '*';

export interface Target {
  /** An id in full, or `*`. */
  readonly id: string;
  /** The service as it was when we looked. */
  readonly service: InspectedService;
}

/**
 * Finds the endpoint that `id` names: in full, or by how it begins when only one begins so, since ids tend to end in what nobody
 * types. `*` stands for all. Rejects with `CommandError` for none or several, and with `EtcdError`.
 */
export async function findTarget(
  etcd: RegistryOptions,
  name: string,
  id: string,
  signal: AbortSignal,
): Promise<Target> {
  const service = await readService(etcd, name, signal);
  if (id !== everyEndpoint) return { id: chooseId(service, id), service };
  // All of nobody is more likely a slip in the name than a wish for the future.
  if (service.endpoints.length > 0 || service.overrides.size > 0) return { id, service };
  throw new CommandError(
    'ERR_NOT_FOUND',
    `No endpoint of "${name}" is registered; lb override set does it nevertheless`,
  );
}

async function readService(etcd: RegistryOptions, name: string, signal: AbortSignal): Promise<InspectedService> {
  const { services } = await inspect({ ...etcd, service: name, leases: false, signal });
  const [service] = services;
  return service ?? { name, endpoints: [], overrides: new Map(), unreadable: [] };
}

/** Also what is set for an endpoint that is gone can be meant: it is to be taken back some day. */
function chooseId({ name, endpoints, overrides }: InspectedService, wanted: string): string {
  const known = [...new Set([...endpoints.map(({ endpoint }) => endpoint.id), ...overrides.keys()])];
  if (known.includes(wanted)) return wanted;
  const found = known.filter((id) => id.startsWith(wanted) && id !== everyEndpoint);
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const [what, which] =
    only === undefined
      ? [`No endpoint of "${name}" is called "${wanted}"`, known]
      : [`Several endpoints of "${name}" begin with "${wanted}"`, found];
  throw new CommandError(
    'ERR_NOT_FOUND',
    which.length === 0 ? `${what}; none is registered` : `${what}: ${few(which)}`,
  );
}

function few(names: readonly string[]): string {
  const shown = names.slice(0, 8).join(', ');
  return names.length > 8 ? `${shown} and ${names.length - 8} more` : shown;
}

/** Whether `id`, which may be `*`, stands for this endpoint. */
export function isMeant(id: string, endpoint: { readonly id: string }): boolean {
  return id === everyEndpoint || endpoint.id === id;
}
