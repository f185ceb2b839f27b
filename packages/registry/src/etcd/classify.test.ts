import { status } from '@grpc/grpc-js';
import { expect, it } from 'vitest';

import { classify } from './classify.ts';

it.each([
  [
    status.UNAVAILABLE,
    'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1',
    'ERR_ETCD_UNAVAILABLE',
  ],
  [status.UNAVAILABLE, 'etcdserver: no leader', 'ERR_ETCD_UNAVAILABLE'],
  [status.UNAVAILABLE, 'etcdserver: request timed out', 'ERR_ETCD_TIMEOUT'],
  [status.UNAVAILABLE, 'etcdserver: request timed out, possibly due to previous leader failure', 'ERR_ETCD_TIMEOUT'],
  [status.RESOURCE_EXHAUSTED, 'etcdserver: too many requests', 'ERR_ETCD_EXHAUSTED'],
  [status.UNAVAILABLE, 'No connection established. Last error: self-signed certificate', 'ERR_ETCD_TLS'],
])('an error of status %d, "%s", is %s', (code, details, expected) => {
  const error = Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code });
  expect(classify(error, 'leaseGrant', '127.0.0.1:2379')).toMatchObject({ code: expected, call: 'leaseGrant' });
});
