import type { AddressPolicy, EtcdOptions } from '@lb/registry';
import { readFileSync } from 'node:fs';
import { type Static, Type } from 'typebox';

/** How to reach etcd. */
export const etcdSettings = {
  ETCD_HOSTS: Type.String({
    default: 'http://127.0.0.1:2379',
    description: 'Members of the etcd cluster, comma-separated',
  }),
  ETCD_CA_FILE: Type.Optional(Type.String({ description: 'Authorities to trust, in PEM; those of Node if not set' })),
  ETCD_CERT_FILE: Type.Optional(
    Type.String({ description: 'Certificate to show to etcd, in PEM; read anew for each connection' }),
  ),
  ETCD_KEY_FILE: Type.Optional(Type.String({ description: 'Key of that certificate, in PEM' })),
  ETCD_USERNAME: Type.Optional(Type.String({ description: 'User of etcd' })),
  ETCD_PASSWORD: Type.Optional(Type.String({ description: 'Password of that user', secret: true })),
  ETCD_PASSWORD_FILE: Type.Optional(
    Type.String({ description: 'A file that holds the password, in place of ETCD_PASSWORD' }),
  ),
  ETCD_INSECURE: Type.Boolean({
    default: false,
    description: 'Whether plain http to another machine is allowed, where anyone on the way can read and rewrite',
  }),
  LB_ALLOW: Type.Optional(
    Type.String({
      description: 'Ranges that endpoints may be in, such as 10.0.0.0/8,fd00::/8; private ones if not set',
    }),
  ),
};

type Values = Static<ReturnType<typeof Type.Object<typeof etcdSettings>>>;

/** As `discover()`, `register()` and `openOverrides()` take them. */
export function etcdOptions(values: Values): EtcdOptions & { readonly addresses: AddressPolicy } {
  const { ETCD_CA_FILE: ca, ETCD_CERT_FILE: cert, ETCD_KEY_FILE: key, ETCD_USERNAME: username } = values;
  const password = (): string =>
    values.ETCD_PASSWORD_FILE === undefined
      ? (values.ETCD_PASSWORD ?? '')
      : readFileSync(values.ETCD_PASSWORD_FILE, 'utf8').trimEnd();
  return {
    hosts: splitList(values.ETCD_HOSTS),
    tls:
      ca === undefined && cert === undefined && key === undefined
        ? undefined
        : () => ({ ca: read(ca), cert: read(cert), key: read(key) }),
    auth: username === undefined ? undefined : () => ({ username, password: password() }),
    insecure: values.ETCD_INSECURE,
    addresses: { allow: values.LB_ALLOW === undefined ? undefined : splitList(values.LB_ALLOW) },
  };
}

function read(file: string | undefined): Buffer | undefined {
  return file === undefined ? undefined : readFileSync(file);
}

/** The parts of a comma-separated list. */
export function splitList(list: string): string[] {
  return list.split(',').map((part) => part.trim());
}
