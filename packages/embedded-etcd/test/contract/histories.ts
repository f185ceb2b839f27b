/** What makes the requests and answers of one history comparable on two servers. */

/** A request whose revisions are moved from where the history begins to where the server is. */
export function moved<T extends object>(request: T, base: number): T {
  const copy = structuredClone(request);
  move(copy, base);
  return copy;
}

function move(message: object, base: number): void {
  if (message instanceof Uint8Array) return;
  for (const [name, field] of Object.entries(message)) {
    if (name.endsWith('revision') && typeof field === 'number' && field > 0) Reflect.set(message, name, base + field);
    if (typeof field === 'object' && field !== null) move(field, base);
  }
}

/** An answer without who gave it and what chance has part in, its revisions counted from where the history began. */
export function shown(answer: unknown, base: number): unknown {
  if (Array.isArray(answer)) return answer.map((one) => shown(one, base));
  if (Buffer.isBuffer(answer)) return answer.toString('latin1');
  if (typeof answer !== 'object' || answer === null) return answer;
  return Object.fromEntries(
    Object.entries(answer)
      .filter(([name]) => !byChance.has(name))
      .map(([name, field]) => {
        const isRevision = name.endsWith('revision') && typeof field === 'string' && Number(field) > 0;
        return [name, isRevision ? Number(field) - base : name === 'keys' ? keysOf(field) : shown(field, base)];
      }),
  );
}

const byChance: ReadonlySet<string> = new Set(['cluster_id', 'member_id', 'raft_term', 'TTL', 'hash', 'token']);

/** Keys of a lease: etcd tells them in no order. */
function keysOf(field: unknown): unknown {
  return Array.isArray(field) ? field.map(String).toSorted() : field;
}
