import { finishKind } from './server.ts';

/** Kinds of events; the subject is what stands behind each. */
export const kinds = {
  /** client */
  arrive: 0,
  /** job: a server's work on it is done */
  finish: finishKind as typeof finishKind,
  /** job: it reaches its server */
  deliver: 2,
  /** job: its answer reaches the client */
  reply: 3,
  /** job: the client has waited long enough */
  timeout: 4,
  /** request: the wait before a retry is over */
  retry: 5,
  /** request: most would have been answered by now */
  hedge: 6,
  /** connection of a closed loop: the next request begins */
  connection: 7,
  /** index of a change of the model */
  change: 8,
  /** index of an endpoint id whose lease has run out */
  expire: 9,
  /** index of a snapshot: all clients hear of it */
  snapshot: 10,
  /** client: requests are pending */
  wake: 11,
  /** index of a probe: it reaches its server, and its answer the client */
  probe: 12,
  probed: 13,
  /** the warm-up is over */
  begin: 14,
  /** a point of the series is complete */
  sample: 15,
  /** the load ends */
  end: 16,
} as const;
