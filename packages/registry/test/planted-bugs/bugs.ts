/**
 * Wrong designs, most of them somebody's: each is planted into the real code, and the model has to catch it. What the model does not
 * catch when it is known to be there, it cannot be trusted to find when it is not.
 */
export interface Bug {
  readonly name: string;
  /** Who does it so, or what happens. */
  readonly story: string;
  readonly edits: readonly Edit[];
}

interface Edit {
  /** Below `src/`. */
  readonly file: string;
  /** Found exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** Goes on from what is known, as a watch that is resumed does, where the real code lists again. */
const resumeWithoutList: Edit = {
  file: 'discovery/epoch.ts',
  find: 'const header = await listInto(options, connection);',
  replace: `const known = (globalThis.known ??= new WeakMap());
    if (!known.has(options.view)) known.set(options.view, await listInto(options, connection));
    const header = known.get(options.view);`,
};

export const bugs: readonly Bug[] = [
  {
    name: 'header-revision resume',
    story: 'etcd3: what the store had got to when the stream was made counts as received',
    edits: [
      resumeWithoutList,
      {
        file: 'discovery/watching.ts',
        find: 'if (response.created) this.#options.onWatching();',
        replace: `if (response.created) {
          this.#options.onWatching();
          this.#options.view.apply([], BigInt(response.header.revision));
        }`,
      },
    ],
  },
  {
    name: 'no wipe detection',
    story: 'etcd3: a store that was wiped is watched from a revision that it reaches in a year',
    edits: [
      resumeWithoutList,
      { file: 'discovery/watching.ts', find: 'return this.#isRewound(header) ?', replace: 'return false ?' },
    ],
  },
  {
    name: 'a lower revision is not believed',
    story: 'a list of a wiped store is taken, but the watch starts after the highest revision ever seen',
    edits: [
      {
        file: 'discovery/view.ts',
        find: `    this.#revision = revision;
    return { repaired };`,
        replace: `    if (revision > this.#revision) this.#revision = revision;
    return { repaired };`,
      },
    ],
  },
  {
    name: 'a refusal goes unheard',
    story: 'etcd clientv3 naming: a watch that is cancelled (compacted, denied) is waited on for ever',
    edits: [
      { file: 'discovery/watching.ts', find: 'if (canceled) {', replace: 'if (false) {' },
      {
        file: 'discovery/watching.ts',
        find: 'this.#every(timings.probeEveryMs, 0.1, () => this.#probe(stream));',
        replace: 'this.#every(timings.probeEveryMs, 0.1, async () => undefined);',
      },
    ],
  },
  {
    name: 'empty on error',
    story: 'a list that fails is a list of nothing',
    edits: [
      {
        file: 'discovery/epoch.ts',
        find: '    options.client.leave(connection);\n    return failed(error',
        replace: `    options.client.leave(connection);
    options.view.startList().finish(options.view.revision, 0);
    options.onListed(0);
    return failed(error`,
      },
    ],
  },
  {
    name: 'clear, then fill',
    story: 'the view is emptied before it is listed anew',
    edits: [
      {
        file: 'discovery/epoch.ts',
        find: '  let listed = await listOnce();',
        replace: `  if (view.size > 0) {
    view.startList().finish(view.revision, 0);
    options.onListed(0);
  }
  let listed = await listOnce();`,
      },
    ],
  },
  {
    name: 'ghosts',
    story: 'a list adds and changes, but takes nothing away',
    edits: [
      {
        file: 'discovery/view.ts',
        find: '      this.#remove(key);\n    }\n    for (const key of this.#skipped',
        replace: '    }\n    for (const key of this.#skipped',
      },
    ],
  },
  {
    name: 'silence is fine',
    story: 'nobody asks a stream whether it lives',
    edits: [
      {
        file: 'discovery/watching.ts',
        find: 'this.#every(timings.probeEveryMs, 0.1, () => this.#probe(stream));',
        replace: 'this.#every(timings.probeEveryMs, 0.1, async () => undefined);',
      },
    ],
  },
  {
    name: 'no leader is fine',
    story: 'a member that lost its cluster is asked to say so by nobody',
    edits: [{ file: 'etcd/connection.ts', find: "own.set('hasleader', 'true');", replace: '' }],
  },
  {
    name: 'one try',
    story: 'go-kratos: whoever could not come back is never tried again',
    edits: [
      {
        file: 'discovery/follower.ts',
        find: '      this.#lost(end);\n',
        replace: `      this.#lost(end);
      if (this.#attempt >= 3) return;
`,
      },
    ],
  },
  {
    name: 'the oldest claim',
    story: 'of two registrations of an address the one that was left behind counts',
    edits: [
      {
        file: 'discovery/claims.ts',
        find: 'one.createRevision > other.createRevision ||',
        replace: 'one.createRevision < other.createRevision ||',
      },
    ],
  },
  {
    name: 'any address',
    story: 'a value is believed whatever it says',
    edits: [{ file: 'validate.ts', find: '  check(origin);\n', replace: '' }],
  },
  {
    name: 'overrides once',
    story: 'what operators set is read at the start only',
    edits: [
      {
        file: 'discovery/discovery.ts',
        find: '    if (!this.#set.override(target, override)) return;',
        replace: '    if (this.#latest.value !== undefined || !this.#set.override(target, override)) return;',
      },
    ],
  },
  {
    name: 'streams stay open',
    story: 'etcd3: what is closed goes on listening',
    edits: [
      {
        file: 'discovery/watching.ts',
        find: "      signal.removeEventListener('abort', close);\n      stream.cancel();",
        replace: "      signal.removeEventListener('abort', close);",
      },
    ],
  },
  {
    name: 'timers stay set',
    story: 'each epoch leaves its timers behind',
    edits: [
      {
        file: 'discovery/watching.ts',
        find: '    this.#end.resolve(end);\n    this.#over.abort();',
        replace: '    this.#end.resolve(end);',
      },
    ],
  },
  {
    name: 'a dead lease is renewed',
    story: 'a renewal is answered, so all is well; that the answer says TTL 0 is not looked at',
    edits: [
      { file: 'registration/renewals.ts', find: 'alive: Number(ttl) > 0', replace: 'alive: true' },
      // With this it is found, a TTL later.
      {
        file: 'registration/registration.ts',
        find: 'if (this.#clock.now() - this.#seenAt < lease.ttlMs) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'register twice',
    story: 'etcd3 says two or three times that a lease is lost, and each time it is replaced',
    edits: [
      {
        file: 'registration/registration.ts',
        find: '        this.#lease = undefined;\n        attempt = 1;',
        replace: '        this.#lease = undefined;\n        attempt = 1;\n        void this.#run();',
      },
    ],
  },
  {
    name: 'give up on the first failure',
    story: 'etcd3: a lease that cannot be granted at once never is',
    edits: [
      {
        file: 'registration/registration.ts',
        find: '        if (signal.aborted) return;\n        attempt += 1;',
        replace: '        return;',
      },
    ],
  },
  {
    name: 'the key is not looked after',
    story: "the lease is renewed, and whether the key still hangs on it is nobody's business",
    edits: [
      {
        file: 'registration/registration.ts',
        find: 'if (this.#clock.now() - this.#seenAt < lease.ttlMs) return;',
        replace: 'return;',
      },
    ],
  },
  {
    name: 'a change is written once',
    story: 'an update that could not be written when it was asked for is forgotten',
    edits: [
      {
        file: 'registration/registration.ts',
        find: '    if (this.#written?.endpoint === endpoint) {\n',
        replace: '    if (this.#written !== undefined) {\n      return;\n',
      },
    ],
  },
  {
    name: 'certain for ever',
    story: 'that nobody has heard a renewal for a TTL is told to nobody',
    edits: [
      {
        file: 'registration/registration.ts',
        find: 'onUncertain: (error) => this.#unsure(error),',
        replace: 'onUncertain: () => {},',
      },
    ],
  },
];
