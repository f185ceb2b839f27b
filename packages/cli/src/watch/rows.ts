import type { Endpoint } from '@lb/core';

import type { ConsumerState, PeerState } from '../consumer-state.ts';
import { milliseconds, number, percent, rate } from '../numbers.ts';
import { type Column, table } from '../terminal/table.ts';
import { type Line, type Span, styled } from '../terminal/terminal.ts';
import { marked, weightShares } from '../weight-shares.ts';

/** One endpoint: what the registry says of it, and what a consumer does. Either may be missing. */
export interface Row {
  readonly id: string;
  readonly endpoint: Endpoint | undefined;
  /** Of the weight of all that serve, by the registry; without it, as the consumer gives it. */
  readonly weightShare: number;
  readonly peer: PeerState | undefined;
}

/** Joins by id. What only the consumer knows, because it has left the registry or the registry is away, comes last. */
export function rowsOf(endpoints: readonly Endpoint[], state: ConsumerState | undefined): Row[] {
  const shares = weightShares(endpoints);
  const peers = new Map(state?.peers.map((peer) => [peer.id, peer]));
  const rows = endpoints
    .toSorted((a, b) => (a.id < b.id ? -1 : 1))
    .map((endpoint): Row => {
      const peer = peers.get(endpoint.id);
      peers.delete(endpoint.id);
      return { id: endpoint.id, endpoint, weightShare: shares.get(endpoint.id) ?? 0, peer };
    });
  for (const peer of peers.values()) {
    rows.push({ id: peer.id, endpoint: undefined, weightShare: peer.weightShare, peer });
  }
  return rows;
}

const facts: readonly Column[] = [
  { heading: 'ID' },
  { heading: 'ADDRESS' },
  { heading: 'STATE' },
  { heading: 'WEIGHT', right: true },
  { heading: 'WEIGHT SHARE', right: true },
];

const traffic: readonly Column[] = [
  { heading: 'SHARE', right: true },
  { heading: 'REQ/S', right: true },
  { heading: 'IN FLIGHT', right: true },
  { heading: 'P50 MS', right: true },
  { heading: 'P99 MS', right: true },
  { heading: 'FAILED', right: true },
];

/** `withTraffic` says whether there is a consumer to ask. */
export function rowTable(rows: readonly Row[], withTraffic: boolean): Line[] {
  if (rows.length === 0) return [['No endpoint is registered.']];
  const columns = withTraffic ? [...facts, ...traffic] : facts;
  return table(
    columns,
    rows.map((row) => (withTraffic ? [...factCells(row), ...trafficCells(row.peer)] : factCells(row))),
  );
}

function factCells({ id, endpoint, weightShare, peer }: Row): Span[] {
  return [
    id,
    endpoint?.origin ?? peer?.origin ?? '-',
    stateCell(endpoint, peer),
    marked(number(endpoint?.weight ?? peer?.weight ?? 1), endpoint?.overridden?.weight),
    percent(weightShare),
  ];
}

/** What the consumer makes of it is the better news: it may have set it aside while it is registered as serving. */
function stateCell(endpoint: Endpoint | undefined, peer: PeerState | undefined): Span {
  const text = peer === undefined ? (endpoint?.state ?? 'unknown') : stateText(peer);
  const state = marked(text, endpoint?.overridden?.state);
  if (endpoint === undefined) return styled('red', `${state}, not registered`);
  if (state === 'serving') return styled('green', state);
  return styled(state.startsWith('draining') ? 'yellow' : 'red', state);
}

function trafficCells(peer: PeerState | undefined): Span[] {
  if (peer === undefined) return traffic.map(() => '-');
  const { share, perSecond, inFlight, limit, p50Ms, p99Ms, failed } = peer;
  return [
    share === undefined ? '-' : percent(share),
    rate(perSecond),
    limit === undefined ? number(inFlight) : `${number(inFlight)}/${number(limit)}`,
    p50Ms === undefined ? '-' : milliseconds(p50Ms),
    p99Ms === undefined ? '-' : milliseconds(p99Ms),
    failed === 0 ? '0' : styled('red', number(failed)),
  ];
}

/** What its callers get from a consumer. */
export function figures({ perSecond, requests, policy }: ConsumerState): string[] {
  if (requests === undefined) return [`${rate(perSecond)} req/s`, `policy ${policy}`];
  const { p50Ms, p99Ms, failed } = requests;
  const times = [
    ...(p50Ms === undefined ? [] : [`p50 ${milliseconds(p50Ms)} ms`]),
    ...(p99Ms === undefined ? [] : [`p99 ${milliseconds(p99Ms)} ms`]),
  ];
  return [`${rate(requests.perSecond)} req/s`, `${number(failed)} failed`, ...times, `policy ${policy}`];
}

/** What a consumer has to put up with, a sentence each. */
export function troubles({ stale, tier }: ConsumerState): string[] {
  const said =
    stale === undefined ? [] : [`The consumer cannot follow the registry (${stale}); it goes on with what it knows.`];
  const tierSays = tier === undefined ? undefined : tiers[tier];
  return tierSays === undefined ? said : [...said, tierSays];
}

/** What each tier of `@lb/core` but the usual one means. */
const tiers: Readonly<Record<string, string>> = {
  panic: 'Too few peers are available, so the consumer uses ejected ones, too (panic).',
  'last-resort': 'No peer serves, so the consumer uses those that drain or have weight 0 (last-resort).',
  none: 'The consumer knows no peer.',
};

/** The same as one line, for logs: `100 req/s, 0 failed, …  a 33.4 % of 33.3 %  b …`. */
export function trafficLine(state: ConsumerState): string {
  const peers = state.peers.map(({ id, share, weightShare, failed, ...peer }) => {
    const notes = [
      ...(peer.state === 'serving' ? [] : [stateText(peer)]),
      ...(failed === 0 ? [] : [`${number(failed)} failed`]),
    ];
    const part = `${id} ${share === undefined ? '-' : percent(share)} of ${percent(weightShare)}`;
    return notes.length === 0 ? part : `${part} (${notes.join(', ')})`;
  });
  return [[...figures(state), ...shortTroubles(state)].join(', '), ...peers].join('  ');
}

function stateText({ state, ejection }: Pick<PeerState, 'state' | 'ejection'>): string {
  return ejection === undefined ? state : `${state}: ${ejection}`;
}

function shortTroubles({ stale, tier }: ConsumerState): string[] {
  return [
    ...(stale === undefined ? [] : [`registry stale: ${stale}`]),
    ...(tier === undefined || tier === 'available' ? [] : [`tier ${tier}`]),
  ];
}
