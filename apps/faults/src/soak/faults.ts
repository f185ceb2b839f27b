/** What happens in a soak, each over within some seconds. */
import { setTimeout as after } from 'node:timers/promises';

import { revokeAll } from '../etcd-keys.ts';
import type { Provider } from '../processes/provider.ts';
import { hasRestart, type Links, type Registry } from '../stage.ts';

interface SoakField {
  readonly registry: Registry;
  /** The one that it happens to this time. */
  readonly provider: Provider;
  readonly links: Links;
}

export interface SoakFault {
  readonly name: string;
  play(field: SoakField): Promise<void>;
}

const lastsMs = 3000;

export const soakFaults: readonly SoakFault[] = [
  {
    name: 'provider killed',
    async play({ provider }) {
      await provider.kill();
      await after(lastsMs);
      await provider.restart();
    },
  },
  {
    name: 'provider redeployed',
    async play({ provider }) {
      await provider.stop();
      await provider.restart();
    },
  },
  {
    name: 'provider frozen',
    async play({ provider }) {
      provider.freeze();
      await after(lastsMs);
      provider.thaw();
    },
  },
  {
    name: 'provider ten times as slow',
    async play({ provider }) {
      await provider.tell({ kind: 'delay', ms: 180 });
      await after(lastsMs);
      await provider.tell({ kind: 'delay', ms: 0 });
    },
  },
  {
    name: 'provider fails half of its requests',
    async play({ provider }) {
      await provider.tell({ kind: 'fail', share: 0.5, statusCode: 503 });
      await after(lastsMs);
      await provider.tell({ kind: 'fail', share: 0, statusCode: 503 });
    },
  },
  {
    name: 'provider refuses connections',
    async play({ provider }) {
      await provider.tell({ kind: 'refuse' });
      await after(lastsMs);
      await provider.tell({ kind: 'listen' });
    },
  },
  {
    name: 'packets to a provider lost',
    async play({ links }) {
      links.clientToVictim.hole();
      await after(lastsMs);
      links.clientToVictim.heal();
    },
  },
  {
    name: 'connections to a provider reset',
    async play({ links }) {
      for (let reset = 0; reset < 10; reset += 1) {
        links.clientToVictim.reset();
        await after(lastsMs / 10);
      }
    },
  },
  {
    name: 'packets to etcd lost',
    async play({ links }) {
      links.clientToRegistry.hole();
      links.victimToRegistry.hole();
      await after(2 * lastsMs);
      links.clientToRegistry.heal();
      links.victimToRegistry.heal();
    },
  },
  {
    name: 'etcd killed',
    async play({ registry }) {
      if (!hasRestart(registry)) return;
      await registry.kill();
      await after(lastsMs);
      await registry.restart();
    },
  },
  {
    name: 'etcd frozen for longer than leases live',
    async play({ registry }) {
      if (!hasRestart(registry)) return;
      await registry.pause();
      await after(7000);
      registry.resume();
    },
  },
  {
    name: 'all leases ended',
    async play({ registry }) {
      await revokeAll(registry);
    },
  },
];
