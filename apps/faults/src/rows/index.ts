/** All rows, in the order of the table. */
import type { Row } from '../row.ts';
import { halfOpen } from './network/half-open.ts';
import { badPaths, badRequests, oversized } from './http/bad-requests.ts';
import { slowloris } from './http/slowloris.ts';
import { holes } from './network/hole.ts';
import { clientCutOff, providerCutOff } from './network/registry-unreachable.ts';
import { resetting } from './network/resets.ts';
import { slowLinks } from './network/slow-link.ts';
import { allFailing } from './provider/all-failing.ts';
import { drained } from './provider/drained.ts';
import { frozen } from './provider/frozen.ts';
import { halfFailing } from './provider/half-failing.ts';
import { killed } from './provider/killed.ts';
import { redeployed } from './provider/redeployed.ts';
import { refusing } from './provider/refusing.ts';
import { restarted } from './provider/restarted.ts';
import { slow } from './provider/slow.ts';
import { blocked } from './registry/blocked.ts';
import { cluster } from './registry/cluster.ts';
import { oneEtcd } from './registry/one-etcd.ts';
import { path } from './registry/path.ts';
import { allFrozen } from './overload/all-frozen.ts';
import { threeTimes } from './overload/three-times.ts';
import { away } from './registry/away.ts';
import { hostileValues } from './registry/hostile-values.ts';
import { hugeValues } from './registry/huge-values.ts';
import { massExpiry } from './registry/mass-expiry.ts';
import { sameId } from './registry/same-id.ts';
import { tenThousand } from './registry/ten-thousand.ts';
import { spellings } from './security/spellings.ts';
import { clientBlocked } from './time/client-blocked.ts';
import { clockSet } from './time/clock-set.ts';

export const rows: readonly Row[] = [
  killed,
  frozen,
  slow,
  halfFailing,
  allFailing,
  refusing,
  restarted,
  drained,
  redeployed,
  ...holes,
  resetting,
  ...slowLinks,
  clientCutOff,
  providerCutOff,
  halfOpen,
  ...oneEtcd,
  ...path,
  ...cluster,
  blocked,
  away,
  massExpiry,
  sameId,
  hostileValues,
  hugeValues,
  tenThousand,
  clockSet,
  clientBlocked,
  allFrozen,
  threeTimes,
  slowloris,
  oversized,
  badRequests,
  badPaths,
  spellings,
];
