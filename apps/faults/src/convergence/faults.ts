/** What happens to views and to etcd in a run, drawn by chance. */
import type { Random } from '@lb/core';
import type { FaultProxy, RealEtcd } from '@lb/testkit';
import { setTimeout as after } from 'node:timers/promises';

import type { Operator } from '../operator.ts';
import type { Audit } from './audit.ts';

interface Field {
  readonly etcd: RealEtcd;
  readonly operator: Operator;
  readonly audit: Audit;
  /** Between etcd and each view. */
  readonly proxies: readonly FaultProxy[];
  readonly random: Random;
}

export interface Fault {
  readonly name: string;
  /** Does it, and undoes it. */
  play(field: Field): Promise<void>;
}

const lasting = ({ random }: Field, fromMs: number, toMs: number): Promise<void> =>
  after(fromMs + random() * (toMs - fromMs));

/** At least one of the links. */
function some({ proxies, random }: Field): readonly FaultProxy[] {
  const chosen = proxies.filter(() => random() < 0.6);
  return chosen.length > 0 ? chosen : proxies.slice(0, 1);
}

function onLinks(name: string, begin: (proxy: FaultProxy) => void, fromMs: number, toMs: number): Fault {
  return {
    name,
    async play(field) {
      const links = some(field);
      for (const link of links) begin(link);
      await lasting(field, fromMs, toMs);
      for (const link of links) link.heal();
    },
  };
}

export const faults: readonly Fault[] = [
  onLinks('connections cut', (link) => link.cut(), 0, 100),
  onLinks('connections reset', (link) => link.reset(), 0, 100),
  onLinks('all packets lost', (link) => link.hole(), 500, 8000),
  onLinks('answers lost', (link) => link.hole('down'), 500, 8000),
  onLinks('requests lost', (link) => link.hole('up'), 500, 8000),
  onLinks('answers late', (link) => link.delay(300), 500, 2000),
  onLinks('4 kB a second', (link) => link.trickle(4096), 500, 2000),
  {
    name: 'flapping',
    async play(field) {
      const links = some(field);
      for (let flap = 0; flap < 6; flap += 1) {
        for (const link of links) link.cut();
        await lasting(field, 10, 250);
      }
    },
  },
  {
    name: 'cut just after connecting',
    async play(field) {
      const links = some(field);
      for (const link of links) link.cut();
      for (const until = performance.now() + 2000; performance.now() < until; await after(5)) {
        for (const link of links) if (link.connections > 0 && field.random() < 0.1) link.cut();
      }
    },
  },
  {
    name: 'compacted while away',
    async play(field) {
      const links = some(field);
      for (const link of links) await link.refuse();
      await lasting(field, 800, 2000);
      // The audit itself must not miss what is thrown away.
      await field.operator.compactTo(field.audit.revision);
      for (const link of links) await link.open();
    },
  },
  {
    name: 'compacted between list and watch',
    async play(field) {
      const links = some(field);
      for (const link of links) {
        link.delay(400);
        link.cut();
      }
      // Each list is old by the time that a watch could go on from it.
      for (const until = performance.now() + 3000; performance.now() < until; await after(50)) {
        await field.operator.compactTo(field.audit.revision).catch(() => {});
      }
      for (const link of links) link.heal();
    },
  },
  {
    name: 'connections forgotten',
    async play(field) {
      for (const link of some(field)) link.forget();
      // A stream is asked every 2.9 s at least whether it lives, and has 2 s to say so.
      await after(6000);
    },
  },
  {
    name: 'etcd killed',
    async play(field) {
      await field.etcd.kill();
      await lasting(field, 100, 1500);
      await field.etcd.restart();
    },
  },
  {
    name: 'etcd frozen',
    async play(field) {
      await field.etcd.pause();
      await lasting(field, 500, 6000);
      field.etcd.resume();
    },
  },
  {
    name: 'etcd wiped',
    async play(field) {
      await field.audit.betweenWorlds(() => field.etcd.wipe());
    },
  },
];
