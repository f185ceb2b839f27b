import { type DiscoveryStatus, EtcdDiscovery } from '@lb/registry';
import { Counter, Gauge, type Registry } from '@prometheus-io/client';
import type { FastifyInstance } from 'fastify';

/** Fills `registry` with how well the endpoints of each service are followed in etcd. */
export function countDiscoveries(app: FastifyInstance, registry: Registry): void {
  const statuses = (): DiscoveryStatus[] =>
    [...app.lb.services.values()].flatMap(({ discovery }) =>
      discovery instanceof EtcdDiscovery ? [discovery.status] : [],
    );
  const about = { labelNames: ['service'], registers: [registry] };

  const age = new Gauge({
    ...about,
    name: 'lb_registry_age_seconds',
    help: 'How long etcd has said nothing of the service',
    collect: () => {
      age.reset();
      for (const { service, ageMs } of statuses()) age.set({ service }, ageMs / 1000);
    },
  });
  const current = new Gauge({
    ...about,
    name: 'lb_registry_current',
    help: '1 while what is known of the service is known to be what etcd holds',
    collect: () => {
      current.reset();
      for (const { service, stale } of statuses()) current.set({ service }, stale === false ? 1 : 0);
    },
  });
  // Kept by whoever follows; a counter here only says them.
  const invalid = new Counter({
    ...about,
    name: 'lb_registry_invalid_total',
    help: 'Registrations that were skipped, since they cannot be used',
    collect: () => {
      invalid.reset();
      for (const status of statuses()) invalid.inc({ service: status.service }, status.invalid);
    },
  });
  const repairs = new Counter({
    ...about,
    name: 'lb_registry_repairs_total',
    help: 'Keys that were followed wrongly without a sign of it, until a list put them right',
    collect: () => {
      repairs.reset();
      for (const status of statuses()) repairs.inc({ service: status.service }, status.repairs);
    },
  });
  const epochs = new Counter({
    name: 'lb_registry_epochs_total',
    help: 'How often following the service ended and began anew, by why',
    labelNames: ['service', 'reason'],
    registers: [registry],
    collect: () => {
      epochs.reset();
      for (const status of statuses()) {
        for (const [reason, count] of Object.entries(status.epochs)) {
          epochs.inc({ service: status.service, reason }, count);
        }
      }
    },
  });
}
