/**
 * What the pickers share that send the same key to the same peer.
 *
 * Each of them is a function from the key's hash to an order of all peers, of which a request takes the first that is open. A request
 * without a key hashes a random number instead, and so lands by weight.
 */
import type { Endpoint } from '../endpoint.ts';
import { quickHash } from '../hash/quick-hash.ts';
import { isOpen, type Peer } from '../peer.ts';
import type { PickContext, Picker, Policy, Random } from '../policy.ts';
import { explain } from './explain.ts';

export interface HashPicker extends Picker {
  /** As `pick`, but passes over peers that already hold as much as `bound` lets them. */
  pickBelow(bound: Bound, context: PickContext): Peer | undefined;
}

/** An object, since a bare fraction would be allocated each time that it is passed on. */
export interface Bound {
  /** Requests that a peer may hold for each unit of its weight. */
  readonly perWeight: number;
}

export const unbounded: Bound = { perWeight: Infinity };

/** A policy that {@link HashPicker bounded loads} can be laid over. */
export interface HashPolicy extends Policy {
  createPicker(peers: readonly Peer[], random: Random, previous?: Picker): HashPicker;
}

/** What a hash policy tells endpoints apart by. */
export interface HashOptions {
  /**
   * What places an endpoint among the others: endpoints keep their keys for as long as they keep this. Defaults to the origin, so
   * that a process restarted at the same address gets its keys back; a stable name from the metadata does the same where
   * addresses change. Two endpoints of the same place are told apart by id.
   */
  readonly placeOf?: ((endpoint: Endpoint) => string) | undefined;
}

export const originOf = (endpoint: Endpoint): string => endpoint.origin;

/** The hash of the key of a request, or a random one when it has none: an integer from -2^31 to 2^31 - 1. */
export function keyHash(context: PickContext, random: Random): number {
  return context.key === undefined ? (random() * 2 ** 32) | 0 : quickHash(context.key);
}

/** Whether `peer` is open and holds less than `bound` lets it. */
export function hasRoom(peer: Peer, bound: Bound, context: PickContext): boolean {
  return isOpen(peer, context) && (bound === unbounded || peer.load.inFlight < bound.perWeight * peer.weight);
}

export function explainHash(context: PickContext, owner: Peer, picked: Peer | undefined): void {
  if (context.trace === undefined) return;
  if (picked === owner) explain(context, 'owner of the key', picked);
  else explain(context, 'next in the order of the key', picked, [owner]);
}

/** A copy of `peers` in an order that depends on nothing but their places and ids, so that all clients agree on it. */
export function byPlace(peers: readonly Peer[], placeOf: (endpoint: Endpoint) => string): PlacedPeer[] {
  return peers
    .map((peer) => ({ peer, place: placeOf(peer.endpoint) }))
    .toSorted((one, other) => compare(one.place, other.place) || compare(one.peer.id, other.peer.id));
}

export interface PlacedPeer {
  readonly peer: Peer;
  readonly place: string;
}

/** By code unit: an order that does not depend on the locale of the machine. */
export function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
