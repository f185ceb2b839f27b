import { register, type Registration } from '@lb/registry';

import { most, note, type Row, within } from '../../row.ts';

const tries = 100;

export const sameId: Row = {
  name: 'registry/same-id',
  fault: 'Two processes register the same id at the same time, 100 times',
  promise:
    'Exactly one of them owns it; the other one is told within 1 s, by an error with a code; nobody deletes what another one holds',
  async run(stage) {
    const registry = await stage.registry();
    let owners = 0;
    let wrongErrors = 0;
    let slowest = 0;
    let deleted = 0;
    for (let index = 0; index < tries; index += 1) {
      const id = `claimed-${index}`;
      const claim = (port: number): Promise<Registration> =>
        register({ hosts: registry.hosts, service: 'claims', endpoint: { id, origin: `http://127.0.0.1:${port}` } });
      const begunAt = performance.now();
      const claims = await Promise.allSettled([claim(1), claim(2)]);
      slowest = Math.max(slowest, performance.now() - begunAt);
      const won = claims.filter((one) => one.status === 'fulfilled').map(({ value }) => value);
      owners += won.length;
      for (const one of claims) {
        if (one.status === 'rejected' && Reflect.get(Object(one.reason), 'code') !== 'ERR_ID_TAKEN') wrongErrors += 1;
      }
      // The loser has cleaned up after itself by now: what the winner holds must still be there.
      for (const registration of won) {
        if (registration.state.kind !== 'registered') deleted += 1;
        await registration.close();
      }
    }
    return [
      most('owners more than one, or none', 0, Math.abs(owners - tries)),
      most('errors without the right code', 0, wrongErrors),
      within('both knew after', 1000, slowest),
      most('registrations lost by the winner', 0, deleted),
      note('tries', tries),
    ];
  },
};
