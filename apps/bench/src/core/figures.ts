/** What was measured of one subject at one size, as far as it was asked for. */
export interface Figures {
  readonly name: string;
  readonly size: number;
  /** Nanoseconds of a bare random index, measured in turns with what follows. */
  readonly floor?: number;
  /** Nanoseconds of a pick. */
  readonly pick?: number;
  /** Nanoseconds of a pick with the begin and the end of its request. */
  readonly cycle?: number;
  /** Nanoseconds of a change of one endpoint, as far as it is worked out at once. */
  readonly rebuild?: number;
  /** Nanoseconds of a change of one endpoint and the first pick after it. */
  readonly update?: number;
  /** Bytes by which the heap grows over ten million picks. */
  readonly growth?: number;
}
