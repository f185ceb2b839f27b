/** What others offer, set up as their documentation says. */
import { connectivityState, experimental } from '@grpc/grpc-js';
import ConsistentHash from 'consistent-hash';
import HashRing from 'hashring';
import { P2cBalancer, RandomBalancer } from 'load-balancers';

import { keys, type Subject, weightOf } from './subject.ts';

const hosts = (size: number): string[] =>
  Array.from({ length: size }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}:8080`);

export const others: Readonly<Record<string, (size: number) => Subject>> = {
  /** The floor: one random number and one look into an array. */
  'bare random index': (size) => {
    const peers = hosts(size).map((origin) => ({ origin }));
    return { pick: () => peers[Math.floor(Math.random() * peers.length)] };
  },

  'load-balancers random': (size) => new RandomBalancer(size),
  'load-balancers p2c': (size) => new P2cBalancer(size),

  'hashring, many keys': (size) => {
    const ring = hashRing(size);
    let turn = 0;
    return { pick: () => ring.get(keys[(turn += 1) % keys.length] ?? '') };
  },
  /** Keys few enough that it remembers the answer of each. */
  'hashring, 1 000 keys': (size) => {
    const ring = hashRing(size);
    let turn = 0;
    return { pick: () => ring.get(keys[(turn += 1) % 1000] ?? '') };
  },
  'consistent-hash, many keys': (size) => {
    const ring = consistentHash(size, 40);
    let turn = 0;
    return { pick: () => ring.get(keys[(turn += 1) % keys.length] ?? '') };
  },
  /** As many points as the ring of nginx has, and so as even. */
  'consistent-hash, 160 points': (size) => {
    const ring = consistentHash(size, 160);
    let turn = 0;
    return { pick: () => ring.get(keys[(turn += 1) % keys.length] ?? '') };
  },
  'consistent-hash, 1 000 keys': (size) => {
    const ring = consistentHash(size, 40);
    let turn = 0;
    return { pick: () => ring.get(keys[(turn += 1) % 1000] ?? '') };
  },

  'grpc-js round_robin': (size) => grpcPicker(size, { round_robin: {} }),
  'grpc-js weighted_round_robin': (size) => grpcPicker(size, { weighted_round_robin: {} }),
};

function hashRing(size: number): HashRing {
  return new HashRing(Object.fromEntries(hosts(size).map((host, index) => [host, weightOf(index)])));
}

/** With so many points for each unit of weight; it takes 40 itself, of 100 003 places, which are too few for many more. */
function consistentHash(size: number, points: number): ConsistentHash {
  const ring = new ConsistentHash(points > 40 ? { range: 1_000_003 } : {});
  for (const [index, host] of hosts(size).entries()) ring.add(host, points * weightOf(index));
  // It sorts its points when first asked, which is no part of a pick.
  ring.get('');
  return ring;
}

const unused = (): void => {};

/** The picker that grpc-js gives its channel, got by standing in for that channel and for connections that are always ready. */
function grpcPicker(size: number, config: Record<string, object>): Subject {
  let picker: { pick(args: object): unknown } | undefined;
  const helper = {
    createSubchannel: (address: { port: number; host: string }) => ({
      origin: `${address.host}:${address.port}`,
      getConnectivityState: () => connectivityState.READY,
      addConnectivityStateListener: unused,
      removeConnectivityStateListener: unused,
      addHealthStateWatcher: unused,
      removeHealthStateWatcher: unused,
      isHealthy: () => true,
      startConnecting: unused,
      getAddress: () => 'stand-in',
      getChannelzRef: unused,
      ref: unused,
      unref: unused,
    }),
    updateState: (_state: connectivityState, newPicker: { pick(args: object): unknown }) => {
      picker = newPicker;
    },
    requestReresolution: unused,
    addChannelzChild: unused,
    removeChannelzChild: unused,
  };
  const endpoints = hosts(size).map((address) => {
    const [host = '', port] = address.split(':');
    return { addresses: [{ host, port: Number(port) }] };
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types ask for whole channels, where a picker is made with this much
  const grpc = experimental as unknown as GrpcInsides;
  const balancer = new grpc.ChildLoadBalancerHandler(helper);
  balancer.updateAddressList(grpc.statusOrFromValue(endpoints), grpc.selectLbConfigFromList([config]), {}, '');
  if (picker === undefined) throw new Error('grpc-js made no picker');
  const made = picker;
  const args = { metadata: undefined, extraPickInfo: {} };
  return { pick: () => made.pick(args) };
}

interface GrpcInsides {
  ChildLoadBalancerHandler: new (helper: object) => {
    updateAddressList(endpoints: unknown, config: unknown, options: object, note: string): void;
  };
  selectLbConfigFromList: (configs: readonly object[]) => unknown;
  statusOrFromValue: (value: unknown) => unknown;
}
