export const service = 'many';

export interface ScaleFigures {
  readonly endpoints: number;
  /** From `discover()` to the first snapshot. */
  readonly listMs: number;
  /** What the endpoints and the view of them take. */
  readonly heapBytes: number;
  /** From a put to the snapshot with it, of this process. */
  readonly cpuMsPerPut: number;
}

export interface LatencyFigures {
  readonly puts: number;
  /** From a put to its event on a bare watch. */
  readonly watchMs: readonly number[];
  /** From the same put to the snapshot with it. */
  readonly snapshotMs: readonly number[];
}
