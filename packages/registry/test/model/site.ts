/** Where a run of the model takes place: an etcd, the network to it, and time. */
import { type EmbeddedEtcd, startEtcd } from '@lb/embedded-etcd';
import { type FaultProxy, type RealEtcd, startFaultProxy } from '@lb/testkit';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Clock } from '../../src/index.ts';
import { VirtualTime } from './time.ts';

export interface Site {
  /** Around the network's faults. */
  readonly directHosts: string;
  /** The network between etcd and what is under test. */
  readonly proxy: FaultProxy;
  /** Time for what is under test; `undefined` for the machine's. */
  readonly clock: Clock | undefined;
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
  /** Lets what is on its way arrive. */
  settle(): Promise<void>;
  /** Lets time pass until `done`, and returns how much has; `undefined` when that is not so within `limitMs`. */
  until(done: () => boolean | Promise<boolean>, limitMs: number): Promise<number | undefined>;
  freeze(): void | Promise<void>;
  thaw(): void;
  crash(): Promise<void>;
  restart(): Promise<void>;
  wipe(): Promise<void>;
  /** Only where etcd can be made to. */
  readonly rewind?: (revision: number) => void;
  readonly noLeader?: (on: boolean) => void;
  readonly denyWatch?: (on: boolean) => void;
  close(): Promise<void>;
}

/** The embedded etcd, in virtual time. */
export async function embeddedSite(): Promise<Site> {
  let proxy: FaultProxy | undefined;
  const time = new VirtualTime(() => proxy);
  const etcd: EmbeddedEtcd = await startEtcd({ clock: time.etcds });
  proxy = await startFaultProxy({ targetPort: etcd.port, clock: time.ours });
  const { faults } = etcd;
  return {
    directHosts: etcd.hosts,
    proxy,
    clock: time.ours,
    pass: (ms) => time.pass(ms),
    settle: () => time.settle(),
    until: (done, limitMs) => time.until(done, limitMs),
    freeze: () => faults.freeze(),
    thaw: () => faults.thaw(),
    crash: () => faults.crash(),
    restart: () => faults.restart(),
    wipe: async () => faults.wipe(),
    rewind: (revision) => faults.rewind(revision),
    noLeader: (on) => faults.noLeader(on),
    denyWatch: (on) => faults.denyWatch(on),
    close: async () => {
      await proxy.close();
      await etcd.close();
    },
  };
}

/** How often something that should come true is looked at, in milliseconds. */
const lookEveryMs = 10;

/** A real etcd, in real time. It is the same for all runs: starting one takes longer than a run. */
export async function realSite(etcd: RealEtcd): Promise<Site> {
  const proxy = await startFaultProxy({ targetPort: etcd.port });
  const settle = async (): Promise<void> => {
    let seen = -1;
    while (seen !== proxy.activity) {
      seen = proxy.activity;
      await sleep(20);
    }
  };
  return {
    directHosts: etcd.hosts,
    proxy,
    clock: undefined,
    // Enough for something to happen; the model asks for more than a test has time for.
    pass: (ms) => sleep(Math.min(ms / 10, 300)),
    settle,
    until: async (done, limitMs) => {
      const start = performance.now();
      while (!(await done())) {
        if (performance.now() - start > limitMs) return undefined;
        await sleep(lookEveryMs);
      }
      return performance.now() - start;
    },
    freeze: () => etcd.pause(),
    thaw: () => etcd.resume(),
    crash: () => etcd.kill(),
    restart: () => etcd.restart(),
    wipe: () => etcd.wipe(),
    close: () => proxy.close(),
  };
}
