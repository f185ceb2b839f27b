/** The etcd servers that the commands are checked on. */
import { startEtcd } from '@lb/embedded-etcd';
import { hasEtcd, startRealEtcd } from '@lb/testkit';

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
}

export const servers: readonly EtcdServer[] = [
  { name: 'the embedded etcd', start: () => startEtcd() },
  {
    name: 'a real etcd',
    ...(!hasEtcd() && { missing: 'there is no etcd on the PATH' }),
    start: () => startRealEtcd(),
  },
];
