import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { InFlight } from '../load/in-flight.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint } from '../testing.ts';

const ketama = () => policies.ketama({ as: 'libketama' });

/** The continuum of libmemcached's weighted mode, with the digests of OpenSSL and a search through all points. */
function model(servers: readonly { name: string; weight: number }[]): (key: string) => string {
  const word = (text: string, at: number) =>
    createHash('md5')
      .update(text)
      .digest()
      .readUInt32LE(4 * at);
  const total = servers.reduce((sum, { weight }) => sum + weight, 0);
  const points = servers.flatMap(({ name, weight }) => {
    const hashes = Math.max(1, Math.floor((weight / total) * 40 * servers.length + 1e-9));
    return Array.from({ length: 4 * hashes }, (_, point) => ({ name, at: word(`${name}-${point >> 2}`, point & 3) }));
  });
  points.sort((one, other) => one.at - other.at);
  return (key) => {
    const hash = word(key, 0);
    return (points.find(({ at }) => at >= hash) ?? points[0]!).name;
  };
}

const server = fc.record({ port: fc.integer({ min: 1, max: 30 }), weight: fc.integer({ min: 1, max: 5 }) });

it('lays each key where libmemcached does, for any servers and weights', () => {
  const servers = fc.uniqueArray(server, { minLength: 1, maxLength: 5, selector: ({ port }) => port });
  fc.assert(
    fc.property(servers, fc.array(fc.string(), { minLength: 1, maxLength: 3 }), (list, keys) => {
      const named = list.map(({ port, weight }) => ({ name: `10.0.0.1:${port}`, weight }));
      const peers = named.map(
        ({ name, weight }) => new Peer(endpoint(name, { origin: `http://${name}`, weight }), new InFlight()),
      );
      const picker = ketama().createPicker(peers, seededRandom(1));
      const wanted = model(named);
      for (const key of keys) expect(picker.pick({ now: 0, key })!.id).toBe(wanted(key));
    }),
  );
});

it('gives 49 equal servers 40 hashes each, which rounding would make 39', () => {
  const names = Array.from({ length: 49 }, (_, index) => `cache${index}:11211`);
  const peers = names.map((name) => new Peer(endpoint(name, { origin: `http://${name}` }), new InFlight()));
  const picker = ketama().createPicker(peers, seededRandom(1));
  // Of 300 keys, one in 40 goes to the last hash of some server.
  const wanted = model(names.map((name) => ({ name, weight: 1 })));
  for (let number = 0; number < 300; number += 1) {
    expect(picker.pick({ now: 0, key: `k${number}` })!.id).toBe(wanted(`k${number}`));
  }
});
