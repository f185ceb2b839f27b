/** Tells the event log, in the words of the docs, what balancer and registry publish. */
import { channels as balancing, type EjectMessage, type TierMessage, type UpdateMessage } from '@lb/balancer';
import type { Endpoint, Peer, PoolChange, Tier } from '@lb/core';
import { channels as registry, type LostMessage } from '@lb/registry';

import type { EventLog } from './event-log.ts';
import type { LogKind } from './wire.ts';

/** As many at once are told one by one; more of them, as when the first snapshot comes in, in one entry. */
const fewPeers = 5;

/** What people call a peer. */
export function nameOf({ id, endpoint }: Peer): string {
  return endpoint.metadata['name'] ?? id;
}

/** Tells what happens to `service` from now on. Returns what ends it. */
export function narrate(service: string, log: EventLog): () => void {
  const narrator = new Narrator(log);
  const mine =
    <Message extends { readonly service: string }>(tell: (message: Message) => void) =>
    (message: Message): void => {
      if (message.service === service) tell(message);
    };
  const ends = [
    balancing.update.subscribe(mine((message) => narrator.updated(message))),
    balancing.eject.subscribe(mine((message) => narrator.ejected(message))),
    balancing.restore.subscribe(mine(({ peer }) => narrator.about('restored', peer, `${nameOf(peer)} is back`))),
    balancing.purge.subscribe(mine(({ peer }) => narrator.gone(peer))),
    balancing.drain.subscribe(
      mine(({ peer }) => narrator.about('draining', peer, `${nameOf(peer)} says in its answers that it drains`)),
    ),
    balancing.tier.subscribe(mine((message) => narrator.tier(message))),
    balancing.stale.subscribe(
      mine(() => log.add({ kind: 'registry', text: 'The discovery has ended: the last snapshot stays in use' })),
    ),
    registry.lost.subscribe(mine((message) => narrator.lost(message))),
    registry.recovered.subscribe(
      mine(({ subject, afterMs }) =>
        log.add({ kind: 'registry', text: `Following ${titles[subject]}, after ${seconds(afterMs)} without` }),
      ),
    ),
    registry.repaired.subscribe(
      mine(({ subject, keys }) =>
        log.add({ kind: 'registry', text: `${keys} keys of ${titles[subject]} were wrong, and are right again` }),
      ),
    ),
    registry.invalid.subscribe(mine(({ key, error }) => narrator.invalid(key, error))),
  ];
  return () => {
    for (const end of ends) end();
  };
}

const titles = { endpoints: 'the registry', overrides: 'what operators set' } as const;

class Narrator {
  readonly #log: EventLog;
  readonly #known = new Map<string, Endpoint>();
  readonly #ejectedSince = new WeakMap<Peer, number>();
  /** Skipped values that nobody was told of one by one. */
  #invalid = 0;

  constructor(log: EventLog) {
    this.#log = log;
  }

  about(kind: LogKind, peer: Peer, text: string, by: string | null = null): void {
    this.#log.add({ kind, text, peer: peer.id, by });
  }

  updated({ change }: UpdateMessage): void {
    const { added, removed, changed, suspected } = change;
    this.#each(
      'joined',
      added,
      'joined',
      ({ endpoint }) => `joined at ${endpoint.origin}, weight ${weightIn(endpoint)}`,
    );
    this.#each('left', removed, 'left', () => 'left');
    this.#each('suspected', suspected, 'are suspects', () => 'is no longer listed and has not said why: a suspect now');
    if (changed.length <= fewPeers) for (const peer of changed) this.#changed(peer);
    else this.#many('changed', changed, 'changed');
    this.#remember(change);
  }

  ejected({ peer, ejection }: EjectMessage): void {
    // Published again whenever a probe has failed, which is no news.
    if (this.#ejectedSince.get(peer) === ejection.since) return;
    this.#ejectedSince.set(peer, ejection.since);
    const lasting = ejection.until === Infinity ? 'until somebody restores it' : 'and is tried again soon';
    this.about('ejected', peer, `${nameOf(peer)} is set aside (${ejection.reason}) ${lasting}`);
  }

  gone(peer: Peer): void {
    this.#known.delete(peer.id);
    this.about('left', peer, `${nameOf(peer)}, a suspect, is gone`);
  }

  tier({ tier, before }: TierMessage): void {
    // Those who joined have been told of.
    if (tier === 'available' && before === 'none') return;
    this.#log.add({ kind: 'tier', text: tiers[tier] });
  }

  lost({ subject, reason, attempt }: LostMessage): void {
    // The third try of a hundred is news to nobody.
    if (attempt !== 1) return;
    const left =
      subject === 'overrides'
        ? 'what they had set'
        : this.#known.size === 1
          ? 'the one provider last known'
          : `the ${this.#known.size} providers last known`;
    this.#log.add({ kind: 'registry', text: `Cannot follow ${titles[subject]} (${reason}): going on with ${left}` });
  }

  invalid(key: string, error: Error): void {
    this.#invalid += 1;
    if (this.#invalid > fewPeers && this.#invalid % 100 !== 0) return;
    const count = this.#invalid > fewPeers ? `, the ${this.#invalid}th value` : '';
    this.#log.add({ kind: 'registry', text: `Skipped ${key}${count}: ${error.message}` });
  }

  #changed(peer: Peer): void {
    const { endpoint } = peer;
    const before = this.#known.get(peer.id);
    const name = nameOf(peer);
    const { overridden = {} } = endpoint;
    const setBy = (field: keyof typeof overridden): string | null => overridden[field]?.by ?? null;
    let told = false;
    const tell = (kind: LogKind, by: string | null, text: string): void => {
      told = true;
      this.about(kind, peer, `${name} ${text}${by === null ? '' : `, as ${by} has set it`}`, by);
    };
    if (before?.state !== endpoint.state) {
      if (endpoint.state === 'draining') tell('draining', setBy('state'), 'is draining');
      else tell('changed', null, 'is serving again');
    }
    if (weightIn(before) !== weightIn(endpoint))
      tell('changed', setBy('weight'), `now has weight ${weightIn(endpoint)}`);
    if (before?.maxConcurrency !== endpoint.maxConcurrency) {
      tell(
        'changed',
        setBy('maxConcurrency'),
        `now takes ${endpoint.maxConcurrency ?? 'any number of'} requests at once`,
      );
    }
    if (before?.origin !== endpoint.origin) tell('changed', null, `is now at ${endpoint.origin}`);
    if (!told) tell('changed', null, 'is listed anew');
  }

  #each(kind: LogKind, peers: readonly Peer[], did: string, inWords: (peer: Peer) => string): void {
    if (peers.length > fewPeers) this.#many(kind, peers, did);
    else for (const peer of peers) this.about(kind, peer, `${nameOf(peer)} ${inWords(peer)}`);
  }

  #many(kind: LogKind, peers: readonly Peer[], did: string): void {
    const names = peers.slice(0, 3).map(nameOf).join(', ');
    this.#log.add({ kind, text: `${peers.length} providers ${did}: ${names} and others` });
  }

  #remember({ added, changed, removed }: PoolChange): void {
    for (const { id } of removed) this.#known.delete(id);
    for (const { id, endpoint } of [...added, ...changed]) this.#known.set(id, endpoint);
  }
}

const tiers: Readonly<Record<Tier, string>> = {
  available: 'Enough providers are available again',
  panic: 'Too few providers are available: all of them are used, whatever their health',
  'last-resort': 'Nobody serves: those that drain, or have no weight, are used',
  none: 'There is no provider',
};

const weightIn = (endpoint: Endpoint | undefined): number => endpoint?.weight ?? 1;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
