import { crc32 } from 'node:zlib';

import fc from 'fast-check';
import { expect, it } from 'vitest';

import { InFlight } from '../load/in-flight.ts';
import { Peer } from '../peer.ts';
import { policies } from '../policies.ts';
import { seededRandom } from '../random.ts';
import { endpoint } from '../testing.ts';

interface Server {
  readonly name: string;
  readonly weight: number;
}

function pickerOf(servers: readonly Server[]) {
  const peers = servers.map(({ name, weight }) => {
    return new Peer(endpoint(name, { origin: `http://${name}`, weight }), new InFlight());
  });
  return policies.ketama().createPicker(peers, seededRandom(1));
}

/** What `ngx_http_upstream_hash_module.c` does, byte by byte, with the checksums of zlib and a search through all points. */
function model(servers: readonly Server[]): (key: string) => string {
  const points = servers.flatMap(({ name, weight }) => {
    const colon = /:\d*$/.exec(name)?.index ?? name.length;
    let previous = Buffer.alloc(4);
    return Array.from({ length: 160 * weight }, () => {
      const head = Buffer.from(`${name.slice(0, colon)}\0${name.slice(colon + 1)}`);
      const at = crc32(Buffer.concat([head, previous]));
      previous = Buffer.alloc(4);
      previous.writeUInt32LE(at);
      return { name, at };
    });
  });
  points.sort((one, other) => one.at - other.at);
  return (key) => {
    const hash = crc32(key);
    return (points.find(({ at }) => at >= hash) ?? points[0]!).name;
  };
}

const server = fc.record({
  name: fc.oneof(
    fc.integer({ min: 1, max: 30 }).map((port) => `10.0.0.1:${port}`),
    fc.constantFrom('cache.example.com', '[::1]:8443', 'cache.example.com:11211'),
  ),
  weight: fc.integer({ min: 1, max: 4 }),
});

it('lays each key where nginx does, for any servers and weights', () => {
  const servers = fc.uniqueArray(server, { minLength: 1, maxLength: 5, selector: ({ name }) => name });
  fc.assert(
    fc.property(servers, fc.array(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 5 }), (list, keys) => {
      const picker = pickerOf(list);
      const wanted = model(list);
      for (const key of keys) expect(picker.pick({ now: 0, key })!.id).toBe(wanted(key));
    }),
  );
});

it('moves no key between the others when one weighs more', () => {
  const names = ['a:80', 'b:80', 'c:80'];
  const before = pickerOf(names.map((name) => ({ name, weight: 1 })));
  const after = pickerOf(names.map((name) => ({ name, weight: name === 'b:80' ? 3 : 1 })));
  for (let number = 0; number < 5000; number += 1) {
    const context = { now: 0, key: `k${number}` };
    expect([before.pick(context)!.id, 'b:80']).toContain(after.pick(context)!.id);
  }
});

it.each([
  { weights: 'that are parts of one', of: [0.01, 0.02, 0.03] },
  { weights: 'too large for a ring', of: [1e6, 2e6, 3e6] },
])('shares by weights $weights', ({ of }) => {
  const picker = pickerOf(of.map((weight, index) => ({ name: `${index}:80`, weight })));
  const counts = [0, 0, 0];
  for (let number = 0; number < 60_000; number += 1) counts[Number.parseInt(picker.pick({ now: 0 })!.id, 10)]! += 1;
  // Of 53 points, as the lightest has, the deviation is an eighth.
  for (const [index, count] of counts.entries()) expect(Math.abs(count / 10_000 / (index + 1) - 1)).toBeLessThan(0.4);
});
