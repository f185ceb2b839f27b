/** What the picture shows: three providers whose capacities stand 1:2:3, and one consumer. */
export interface ProviderPlan {
  readonly name: string;
  readonly weight: number;
  readonly port: number;
  /** Requests worked on at once; at 50 ms each, 20 slots carry 400 requests a second. */
  readonly slots: number;
}

export const providers: readonly ProviderPlan[] = [
  { name: 'small', weight: 1, port: 8081, slots: 20 },
  { name: 'medium', weight: 2, port: 8082, slots: 40 },
  { name: 'large', weight: 3, port: 8083, slots: 60 },
];

export const consumerPort = 8087;
export const etcdPort = 2379;

/** The port that each process of the picture has, unless somebody else is there. */
export const usualPorts: readonly number[] = [etcdPort, consumerPort, ...providers.map(({ port }) => port)];

/** Environment of one provider, as `apps/provider` reads it. */
export function providerEnv(plan: ProviderPlan, etcdHosts: string, port: number): Record<string, string> {
  return {
    ETCD_HOSTS: etcdHosts,
    PORT: String(port),
    LB_NAME: plan.name,
    LB_WEIGHT: String(plan.weight),
    SLOTS: String(plan.slots),
    // Enough for a watch on the same machine, and Ctrl-C does not feel slow.
    LINGER_MS: '300',
  };
}

/** How to run one of the root's scripts when there is no pnpm. */
export const pnpm = 'npx -y pnpm@12.21.0';
