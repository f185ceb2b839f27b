import { startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, startRealEtcd } from '@lb/testkit';
import type { TestServer } from './context.ts';

/** The servers that one contract holds for. */
export interface Implementation {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly missing?: string;
  readonly start: () => Promise<TestServer>;
}

export const implementations: readonly Implementation[] = [
  { name: 'embedded etcd', start: async () => startEtcd() },
  {
    name: 'real etcd',
    ...(!hasEtcd() && { missing: 'there is no etcd on the PATH' }),
    // The cheapest passwords there are: each user costs 60 ms otherwise.
    start: async () => startRealEtcd({ args: ['--bcrypt-cost', '4'] }),
  },
];
