/** What a consumer tells of its peers and their traffic at `/lb/state.json`. */
import { CommandError, UsageError } from './errors.ts';

export interface ConsumerState {
  readonly service: string;
  readonly policy: string;
  /** Which peers it picks from, in core's words: `available`, or what is left when too few are. */
  readonly tier: string | undefined;
  /** Why its view of the registry may be out of date. */
  readonly stale: string | undefined;
  /** Attempts: a request that is tried again is more than one. */
  readonly perSecond: number;
  /** What its callers saw; `undefined` of a consumer that does not say. */
  readonly requests: RequestFigures | undefined;
  readonly peers: readonly PeerState[];
}

interface RequestFigures {
  readonly perSecond: number;
  readonly failed: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface PeerState {
  readonly id: string;
  readonly origin: string;
  /** As this consumer treats it: `serving`, `draining`, or what else it has to say. */
  readonly state: string;
  /** Why it is set aside. */
  readonly ejection: string | undefined;
  readonly weight: number;
  /** Part of the weight of all, from 0 to 1. */
  readonly weightShare: number;
  /** Part of the attempts of all, from 0 to 1; `undefined` when there were none. */
  readonly share: number | undefined;
  readonly perSecond: number;
  readonly inFlight: number;
  readonly limit: number | undefined;
  readonly count: number;
  readonly failed: number;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

/** The address of the state of the consumer at `url`; a URL with a path is taken as it is. Throws `UsageError`. */
export function stateUrl(url: string): URL {
  const parsed = URL.parse(/^https?:\/\//.test(url) ? url : `http://${url}`);
  if (parsed === null || parsed.hostname === '') throw new UsageError(`"${url}" is no URL of a consumer`);
  // `fetch` takes none of them, and says so with the whole URL.
  if (parsed.username !== '' || parsed.password !== '') {
    throw new UsageError('The URL of a consumer takes no user and no password');
  }
  if (parsed.pathname === '/') parsed.pathname = '/lb/state.json';
  return parsed;
}

const timeoutMs = 5000;

/** Rejects with `CommandError`. */
export async function fetchState(url: URL, signal: AbortSignal): Promise<ConsumerState> {
  return readState(await fetchJson(url, signal), url.href);
}

/** What is there, whatever it is. Rejects with `CommandError`. */
export async function fetchJson(url: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    return await response.json();
  } catch (cause) {
    throw new CommandError('ERR_CONSUMER', `The consumer at ${url.href} gives no state: ${reasonOf(cause)}`, { cause });
  }
}

/** Reads the fields that are known. Throws `CommandError` for what is no state. */
export function readState(body: unknown, from: string): ConsumerState {
  const state = new Fields(body);
  const peers = state.value('peers');
  const service = state.text('service');
  if (service === undefined || !Array.isArray(peers)) {
    throw new CommandError('ERR_CONSUMER', `What ${from} gives is not the state of a consumer`);
  }
  return {
    service,
    policy: state.text('policy') ?? 'unknown',
    tier: state.text('tier'),
    stale: new Fields(state.value('registry')).text('stale'),
    perSecond: new Fields(state.value('traffic')).number('perSecond') ?? 0,
    requests: readRequests(state.value('requests')),
    peers: peers.map(readPeer),
  };
}

function readRequests(value: unknown): RequestFigures | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const requests = new Fields(value);
  return {
    perSecond: requests.number('perSecond') ?? 0,
    failed: requests.number('failed') ?? 0,
    p50Ms: requests.number('p50Ms'),
    p99Ms: requests.number('p99Ms'),
  };
}

function readPeer(value: unknown): PeerState {
  const peer = new Fields(value);
  return {
    id: peer.text('id') ?? '',
    origin: peer.text('origin') ?? '',
    state: peer.text('state') ?? 'unknown',
    ejection: new Fields(peer.value('ejection')).text('reason'),
    weight: peer.number('weight') ?? 1,
    weightShare: peer.number('weightShare') ?? 0,
    share: peer.number('share'),
    perSecond: peer.number('perSecond') ?? 0,
    inFlight: peer.number('inFlight') ?? 0,
    limit: peer.number('limit'),
    count: peer.number('count') ?? 0,
    failed: peer.number('failed') ?? 0,
    p50Ms: peer.number('p50Ms'),
    p99Ms: peer.number('p99Ms'),
  };
}

class Fields {
  readonly #fields: ReadonlyMap<string, unknown>;

  constructor(value: unknown) {
    this.#fields = new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  }

  value(name: string): unknown {
    return this.#fields.get(name);
  }

  text(name: string): string | undefined {
    const value = this.#fields.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#fields.get(name);
    return typeof value === 'number' ? value : undefined;
  }
}

/** `fetch` says "fetch failed", and why only in its cause. */
function reasonOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(inner instanceof Error)) return String(inner);
  return inner.message === '' && 'code' in inner ? String(inner.code) : inner.message;
}
