/**
 * Renews one lease until it is gone or we are done.
 *
 * A renewal that is not answered within a third of the TTL (2 s at most) is sent again on a new stream to another member: a
 * member that hangs keeps its connections, and waiting a whole TTL for it loses the lease with healthy members at hand.
 * Between the last answer plus the TTL and etcd's word that the lease is gone nobody knows: etcd gives each lease a full TTL again
 * when it restarts, so an unreachable etcd is no reason to give the lease up.
 */
import { Backoff } from './backoff.ts';
import { classify } from './classify.ts';
import type { Clock } from './clock.ts';
import type { EtcdClient, KeepAliveStream } from './etcd-client.ts';

export interface Lease {
  readonly id: string;
  /** As granted, which may be more than was asked for. */
  readonly ttlMs: number;
  /** When the grant was sent: the lease is certain to live until this plus the TTL. */
  readonly grantedAt: number;
}

export interface KeepAliveOptions {
  readonly client: EtcdClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** A renewal was answered. */
  readonly onRenewed: () => void;
  /** A renewal failed; `certain` says whether the lease is sure to live still. */
  readonly onFailed: (error: Error, certain: boolean) => void;
}

export type KeepAliveEnd =
  /** etcd says that the lease is gone. `late`: our renewal came after the TTL, so the fault may be ours alone. */
  { readonly kind: 'gone'; readonly late: boolean } | { readonly kind: 'closed' };

/** Never rejects. */
export async function keepAlive(lease: Lease, options: KeepAliveOptions): Promise<KeepAliveEnd> {
  const { client, clock, random, signal } = options;
  const backoff = new Backoff({ baseMs: 100, capMs: Math.min(1000, lease.ttlMs / 3) }, random);
  const renewals = new Renewals(lease, options);
  let certainUntil = lease.grantedAt + lease.ttlMs;
  try {
    for (;;) {
      if (signal.aborted) return { kind: 'closed' };
      const sentAt = clock.now();
      const answer = await renewals.renew();
      if (signal.aborted) return { kind: 'closed' };
      if (answer === 'gone') return { kind: 'gone', late: sentAt > certainUntil };
      if (answer instanceof Error) {
        options.onFailed(answer, clock.now() < certainUntil);
        client.rotate();
        await clock.sleep(backoff.next(), signal);
        continue;
      }
      certainUntil = sentAt + lease.ttlMs;
      backoff.reset();
      options.onRenewed();
      // A little early rather than late, and not in step with whoever registered at the same moment.
      const interval = (lease.ttlMs / 3) * (0.85 + 0.15 * random());
      await clock.sleep(sentAt + interval - clock.now(), signal);
    }
  } finally {
    renewals.close();
  }
}

/** One stream at a time, and one unanswered renewal on it. */
class Renewals {
  readonly #lease: Lease;
  readonly #options: KeepAliveOptions;
  readonly #timeoutMs: number;
  #stream: KeepAliveStream | undefined;
  #answer = Promise.withResolvers<'renewed' | 'gone' | Error>();

  constructor(lease: Lease, options: KeepAliveOptions) {
    this.#lease = lease;
    this.#options = options;
    this.#timeoutMs = Math.min(lease.ttlMs / 3, 2000);
  }

  async renew(): Promise<'renewed' | 'gone' | Error> {
    const { clock, signal } = this.#options;
    this.#answer = Promise.withResolvers();
    const over = new AbortController();
    const stop = (): void => over.abort();
    signal.addEventListener('abort', stop);
    try {
      this.#stream ??= await this.#open();
      this.#stream.write({ ID: this.#lease.id });
      const silence = clock.sleep(this.#timeoutMs, over.signal).then(() => this.#silent());
      const answer = await Promise.race([this.#answer.promise, silence]);
      if (answer instanceof Error) this.close();
      return answer;
    } catch (error) {
      this.close();
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
    }
  }

  close(): void {
    this.#stream?.cancel();
    this.#stream = undefined;
  }

  async #open(): Promise<KeepAliveStream> {
    const { client } = this.#options;
    const { host } = client;
    const stream = await client.keepAlive();
    const fail = (error: unknown): void => {
      if (this.#stream === stream) this.#stream = undefined;
      this.#answer.resolve(classify(error, 'keepAlive', host));
    };
    // etcd answers for a lease that is gone with success and a TTL of 0; that is the only sign of it.
    stream.on('data', ({ TTL: ttl }) => this.#answer.resolve(Number(ttl) > 0 ? 'renewed' : 'gone'));
    stream.on('error', fail);
    stream.on('end', () => fail(new Error('the stream ended')));
    return stream;
  }

  #silent(): Error {
    return classify(new Error(`no answer in ${this.#timeoutMs} ms`), 'keepAlive', this.#options.client.host);
  }
}
