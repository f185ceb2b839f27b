/** Says what makes no sense in a model, before anything runs: by option, bound and value. */
import { checkNumber, InvalidOptionError } from '@lb/core';

import { quantileFunction } from './chance/distribution.ts';
import type { Change, Model } from './model.ts';

const finite = { min: 0, max: Number.MAX_VALUE };

/** @throws {InvalidOptionError} */
export function checkModel(model: Model): void {
  const { servers, clients, load, network, registry, changes = [], durationMs, warmupMs = 0 } = model;
  checkNumber('durationMs', durationMs, { above: 0, max: Number.MAX_VALUE });
  checkNumber('warmupMs', warmupMs, finite);
  if (warmupMs >= durationMs) throw new InvalidOptionError('warmupMs', `below durationMs (${durationMs})`, warmupMs);
  quantileFunction(model.service);

  if (servers.length === 0) throw new InvalidOptionError('servers', 'at least one server', servers);
  const ids = new Set<string>();
  for (const [index, server] of servers.entries()) {
    const at = `servers[${index}]`;
    if (ids.has(server.id)) throw new InvalidOptionError(`${at}.id`, 'different from the others', server.id);
    ids.add(server.id);
    checkNumber(`${at}.slots`, server.slots, { min: 0, max: 2 ** 30, integer: true });
    if (server.queueLimit !== undefined) checkNumber(`${at}.queueLimit`, server.queueLimit, { min: 0 });
    if (server.speed !== undefined) checkNumber(`${at}.speed`, server.speed, finite);
    if (server.service !== undefined) quantileFunction(server.service);
    if (server.weight !== undefined) checkNumber(`${at}.weight`, server.weight, finite);
    if (server.maxConcurrency !== undefined) checkNumber(`${at}.maxConcurrency`, server.maxConcurrency, { min: 1 });
    if (server.cpu !== undefined) {
      checkNumber(`${at}.cpu.perSecond`, server.cpu.perSecond, { above: 0, max: Number.MAX_VALUE });
      if (server.cpu.burst !== undefined) checkNumber(`${at}.cpu.burst`, server.cpu.burst, { min: 1 });
    }
  }

  checkNumber('clients.count', clients.count, { min: 1, max: 1e6, integer: true });
  if (clients.maxPending !== undefined) checkNumber('clients.maxPending', clients.maxPending, { min: 0 });
  if (clients.maxAttempts !== undefined) {
    checkNumber('clients.maxAttempts', clients.maxAttempts, { min: 1, max: 100, integer: true });
  }
  if (clients.attemptTimeoutMs !== undefined) {
    checkNumber('clients.attemptTimeoutMs', clients.attemptTimeoutMs, { above: 0 });
  }
  if (load.kind === 'open') checkNumber('load.perSecond', load.perSecond, finite);
  else {
    checkNumber('load.connections', load.connections, { min: 1, max: 1e7, integer: true });
    if (load.thinkMs !== undefined) checkNumber('load.thinkMs', load.thinkMs, finite);
    if (load.pauseAfterFailureMs !== undefined) {
      checkNumber('load.pauseAfterFailureMs', load.pauseAfterFailureMs, { above: 0, max: Number.MAX_VALUE });
    }
  }
  if (network?.delayMs !== undefined) checkNumber('network.delayMs', network.delayMs, finite);
  if (network?.jitterMs !== undefined) checkNumber('network.jitterMs', network.jitterMs, finite);
  if (registry?.lagMs !== undefined) checkNumber('registry.lagMs', registry.lagMs, finite);
  if (registry?.leaseTtlMs !== undefined) checkNumber('registry.leaseTtlMs', registry.leaseTtlMs, finite);
  for (const [index, { fromMs, untilMs }] of (registry?.outages ?? []).entries()) {
    checkNumber(`registry.outages[${index}].fromMs`, fromMs, finite);
    checkNumber(`registry.outages[${index}].untilMs`, untilMs, { above: fromMs, max: Number.MAX_VALUE });
  }
  for (const [index, change] of changes.entries()) checkChange(`changes[${index}]`, change, ids, load.kind);
}

function checkChange(at: string, change: Change, ids: ReadonlySet<string>, load: 'open' | 'closed'): void {
  checkNumber(`${at}.atMs`, change.atMs, finite);
  if (change.kind === 'load') {
    if (load === 'closed') throw new InvalidOptionError(`${at}.kind`, 'used with an open load', change.kind);
    checkNumber(`${at}.perSecond`, change.perSecond, finite);
    return;
  }
  if (!ids.has(change.server))
    throw new InvalidOptionError(`${at}.server`, `one of ${[...ids].join(', ')}`, change.server);
  if (change.kind === 'speed') checkNumber(`${at}.speed`, change.speed, finite);
  if (change.kind === 'slots') checkNumber(`${at}.slots`, change.slots, { min: 0, max: 2 ** 30, integer: true });
  if (change.kind === 'weight') checkNumber(`${at}.weight`, change.weight, finite);
  if (change.kind === 'failing') {
    checkNumber(`${at}.share`, change.share, { min: 0, max: 1 });
    checkNumber(`${at}.afterMs`, change.afterMs, finite);
  }
}
