import type { Endpoint } from '@lb/core';
import { channels, type RegistrationState } from '@lb/registry';
import type { FastifyBaseLogger } from 'fastify';

/** Says in the log, in words, whatever happens to this process's registration. */
export function logRegistration(log: FastifyBaseLogger): void {
  let last: RegistrationState['kind'] | undefined;
  channels.registration.subscribe(({ endpoint, state }) => {
    // The third try of a hundred is news to nobody.
    const again = last === 'registering' && state.kind === 'registering' && state.attempt % 10 !== 0;
    last = state.kind;
    if (!again) tell(log, endpoint, state);
  });
}

function tell(log: FastifyBaseLogger, { id, state: wish }: Endpoint, state: RegistrationState): void {
  switch (state.kind) {
    case 'registering':
      if (state.lost !== undefined) log.warn(`the lease of ${id} is lost (${state.lost}); registering again`);
      else log.warn(`not registered, still serving, trying again (attempt ${state.attempt}): ${state.error?.message}`);
      break;
    case 'registered':
      log.info(`registered as ${id}${wish === 'draining' ? ', draining,' : ''} at revision ${state.revision}`);
      break;
    case 'uncertain':
      log.warn(
        `etcd has not renewed ${id} in time, consumers may no longer see it; still serving: ${state.error?.message ?? 'no answer'}`,
      );
      break;
    case 'taken':
      log.error(state.error.message);
      break;
    case 'closed':
      log.info(`${id} is no longer registered`);
      break;
    default:
      state satisfies never;
  }
}
