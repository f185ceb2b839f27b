import { murmur3 } from '../hash/murmur3.ts';

/**
 * Which of the endpoints a client uses at all, and what part of each one's weight it counts. Pure: the same ids give the same
 * answer, in whatever order they come.
 *
 * With thousands on both sides, everybody connected to everybody costs more in connections than in requests, and each client
 * then knows too little of each server to balance by. A few servers a client is enough, as long as all clients together use all
 * servers alike.
 */
export type Subset = (ids: readonly string[]) => ReadonlyMap<string, number>;

/** The ids in the order of their hashes; a tie, one in 2³² pairs, goes by id. Each id once. */
export function hashOrder(ids: readonly string[], seed: number): string[] {
  const hashes = new Map(ids.map((id) => [id, murmur3(id, seed)]));
  return [...hashes].toSorted(([idA, hashA], [idB, hashB]) => hashA - hashB || (idA < idB ? -1 : 1)).map(([id]) => id);
}
