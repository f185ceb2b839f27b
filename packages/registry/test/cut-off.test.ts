/** A provider whose own path to etcd is lost, in virtual time. */
import { seededRandom } from '@lb/core';
import { afterEach, describe, expect, it } from 'vitest';

import { register, type Registration } from '../src/index.ts';
import { EtcdClient } from '../src/etcd/etcd-client.ts';
import { checkEtcdOptions } from '../src/etcd/etcd-options.ts';
import { embeddedSite, type Site } from './model/site.ts';

/** Longer than two lifetimes of a lease. */
const cutMs = 12_000;
const ttlSeconds = 5;
/** What the fault matrix promises. */
const backWithinMs = 2000;

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const task of cleanUp.splice(0).toReversed()) await task();
});

async function site(): Promise<Site> {
  const made = await embeddedSite();
  cleanUp.push(() => made.close());
  return made;
}

/** Begins to register, and returns at once. */
function registering({ proxy, clock, ...at }: Site, seed: number): { readonly done: Registration | undefined } {
  const begun: { done: Registration | undefined } = { done: undefined };
  const endpoint = { id: 'a', origin: 'http://127.0.0.1:8080' };
  const random = seededRandom(seed);
  const leaving = new AbortController();
  const { signal } = leaving;
  void register({ hosts: proxy.hosts, service: 'hash', endpoint, ttlSeconds, clock, random, signal }).then(
    (registration) => (begun.done = registration),
    () => undefined,
  );
  cleanUp.push(async () => {
    leaving.abort();
    const { done } = begun;
    if (done === undefined) return;
    let closed = false;
    void done.close().then(() => (closed = true));
    await at.until(() => closed, 10_000);
  });
  return begun;
}

const isRegistered = ({ done }: { readonly done: Registration | undefined }): boolean =>
  done?.state.kind === 'registered';

describe.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'a provider that packets to etcd and from it are lost for (seed %d)',
  (seed) => {
    it('is registered again within 2 s of the heal, whenever that is', async () => {
      const at = await site();
      const provider = registering(at, seed);
      await at.until(() => isRegistered(provider), 5000);
      const before = provider.done?.state;
      expect(before?.kind).toBe('registered');
      at.proxy.hole();
      // So that heals come at all moments of attempts and of the waits between them.
      await at.pass(cutMs + seed * 400);
      expect(provider.done?.state.kind).toBe('uncertain');
      at.proxy.heal();
      expect(await at.until(() => isRegistered(provider), backWithinMs)).toBeLessThan(backWithinMs);
      expect(provider.done?.state).not.toMatchObject({ leaseId: before?.kind === 'registered' && before.leaseId });
    });

    it('is registered within 2 s of the heal when it started meanwhile', async () => {
      const at = await site();
      at.proxy.hole();
      const provider = registering(at, seed);
      await at.pass(cutMs + seed * 400);
      at.proxy.heal();
      expect(await at.until(() => isRegistered(provider), backWithinMs)).toBeLessThan(backWithinMs);
    });
  },
);

describe('a call that has no answer in time', () => {
  /** Asks for a key, and returns what becomes of it. */
  function asking(at: Site): () => Promise<unknown> {
    if (at.clock === undefined) throw new TypeError('Time is virtual here');
    const client = new EtcdClient(checkEtcdOptions({ hosts: at.proxy.hosts }), at.clock, Math.random);
    cleanUp.push(() => client.close());
    return async () => {
      let end: unknown;
      const answer = client.call('range', ({ kv }, options) => kv.range({ key: Buffer.from('a') }, options));
      void answer.catch((error: unknown) => error).then((what) => (end = what));
      await at.until(() => end !== undefined, 3000);
      return end;
    };
  }

  it('was heard of by nobody where no connection came about', async () => {
    const at = await site();
    const ask = asking(at);
    at.proxy.hole('down');
    expect(await ask()).toMatchObject({ code: 'ERR_ETCD_UNAVAILABLE', call: 'range' });
  });

  it('is too much for an etcd that is there', async () => {
    const at = await site();
    const ask = asking(at);
    expect(await ask()).toMatchObject({ kvs: [] });
    await at.freeze();
    cleanUp.push(() => at.thaw());
    expect(await ask()).toMatchObject({ code: 'ERR_ETCD_TIMEOUT', call: 'range' });
  });
});
