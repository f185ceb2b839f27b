/** What the runner and its processes say to each other, over Node's channel between parent and child. */

/** What a provider is told; each order is answered by `done`, or by what it asks for. */
export type ProviderOrder =
  /** Handle each request so much later than it came. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Answer this share of all requests with this status, before anything handles them. */
  | { readonly kind: 'fail'; readonly share: number; readonly statusCode: number }
  /** Stop listening and break all connections, while the process lives on and stays registered. */
  | { readonly kind: 'refuse' }
  /** Listen again. */
  | { readonly kind: 'listen' }
  /** Do nothing but compute, for so long. */
  | { readonly kind: 'block'; readonly ms: number }
  /** Set the clock. */
  | { readonly kind: 'shift'; readonly ms: number }
  | { readonly kind: 'report' };

export interface ProviderReport {
  /** Requests for work that came in so far, whatever became of them. */
  readonly requests: number;
  /** Of those, the ones that were not the first attempt. */
  readonly retries: number;
  /** When the last one came. */
  readonly lastAt: number;
  readonly connections: number;
}

export type ProviderAnswer =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'report'; readonly report: ProviderReport };

/** How a client process sends: an open loop. */
export interface Load {
  readonly perSecond: number;
  /** `get`: all may be repeated. `mixed`: every other request is a POST that nobody says may be repeated. */
  readonly methods: 'get' | 'mixed';
}

export interface ClientSettings {
  readonly hosts: readonly string[];
  readonly service: string;
  /** Of the providers' leases. */
  readonly ttlSeconds: number;
  readonly timeoutMs: number;
  /** Whether etcd is spoken to without TLS also where it is on another machine. */
  readonly insecure?: boolean;
}

export type ClientOrder =
  | { readonly kind: 'open'; readonly settings: ClientSettings }
  | { readonly kind: 'begin'; readonly load: Load }
  | { readonly kind: 'end' }
  | { readonly kind: 'block'; readonly ms: number }
  | { readonly kind: 'shift'; readonly ms: number }
  | { readonly kind: 'look' };

/** One request, as its caller saw it. */
export interface RequestRecord {
  /** When it was due. */
  readonly at: number;
  /** From then to the end of the answer. */
  readonly elapsedMs: number;
  readonly method: string;
  /** `undefined` for the right answer, else what was wrong: a status, the code of an error, or `wrong answer`. */
  readonly failure: string | undefined;
}

/** One attempt on one peer. */
export interface AttemptRecord {
  readonly at: number;
  readonly elapsedMs: number;
  /** From 1. */
  readonly number: number;
  /** Name of the provider, which its restarts have in common. */
  readonly provider: string;
  /** Id of its run. */
  readonly id: string;
  /** `success`, `ignored`, or why it failed. */
  readonly outcome: string;
}

/** What a client knew from some moment on: ids of the peers. */
export interface PeersRecord {
  readonly at: number;
  readonly ids: readonly string[];
}

export interface EventRecord {
  readonly at: number;
  readonly kind: 'eject' | 'restore' | 'purge' | 'lost' | 'recovered' | 'overflow' | 'bug';
  readonly about: string;
}

export interface Records {
  readonly requests: readonly RequestRecord[];
  readonly attempts: readonly AttemptRecord[];
  readonly peers: readonly PeersRecord[];
  readonly events: readonly EventRecord[];
  /** Longest time that the event loop of the client was late, in milliseconds. */
  readonly loopLateMs: number;
}

/** A client as it is now. */
export interface ClientLook {
  readonly ids: readonly string[];
  readonly revision: number;
  readonly stale: boolean;
  /** Since etcd last said anything. */
  readonly ageMs: number;
  readonly suspects: number;
  /** Requests that wait for a peer with room. */
  readonly queued: number;
  /** Values of the registry that were skipped. */
  readonly invalid: number;
  /** Addresses that it has tried to connect to. */
  readonly connects: readonly string[];
  readonly heapBytes: number;
  readonly sockets: number;
  readonly timers: number;
}

export type ClientAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'records'; readonly records: Records }
  | { readonly kind: 'look'; readonly look: ClientLook };
