/** A lease id: a signed 64-bit number in decimal, more than a JavaScript number can hold. */
export type LeaseId = string;

/** The id that stands for "no lease". */
export const noLease: LeaseId = '0';

/** A key at one of its versions, in the very shape that goes over the wire. */
export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Revision of the put that began this life of the key. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** Number of puts since the key was created, this one included. */
  readonly version: number;
  readonly lease: LeaseId;
}
