/** The etcd servers that the commands are checked on. */
import { startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, startRealEtcd } from '@lb/testkit';

import { asProcess, inProcess, type Run } from './lb.ts';

export interface RunningEtcd {
  /** A URL. */
  readonly hosts: string;
  close(): Promise<void>;
}

export interface EtcdServer {
  readonly name: string;
  /** Why it cannot be had here; tests on it are then skipped. */
  readonly missing?: string;
  readonly start: () => Promise<RunningEtcd>;
  /** A process takes half a second of a processor, so one of the servers has to do without. */
  readonly lb: Run;
}

export const servers: readonly EtcdServer[] = [
  { name: 'the embedded etcd', start: () => startEtcd(), lb: inProcess },
  {
    name: 'a real etcd',
    ...(!hasEtcd() && { missing: 'there is no etcd on the PATH' }),
    start: () => startRealEtcd(),
    lb: asProcess,
  },
];
