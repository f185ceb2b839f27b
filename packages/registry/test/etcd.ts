/** The etcd servers that this package's promises are checked on. */
import { startEtcd } from '@lb/embedded-etcd';
import { Etcd3 } from 'etcd3';

export interface RunningEtcd {
  /** A URL. */
  readonly hosts: string;
  stop(): Promise<void>;
}

export interface EtcdServer {
  readonly name: string;
  start(): Promise<RunningEtcd>;
}

export const servers: readonly EtcdServer[] = [
  {
    name: 'the embedded etcd',
    start: async () => {
      const etcd = await startEtcd();
      return { hosts: etcd.hosts, stop: () => etcd.close() };
    },
  },
];

/** An operator's client, to look and to meddle with. */
export function operator(hosts: string): Etcd3 {
  return new Etcd3({ hosts });
}
