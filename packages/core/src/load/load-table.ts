/**
 * Where loads keep the numbers that a pick compares: a row for each, side by side in the order of the picker's peers.
 *
 * An object for each load has to be looked up before anything in it can be read, and lies wherever the heap had room. Among ten thousand peers
 * that is a cache miss for every step from peer to load to number. Rows are found by arithmetic, and ten thousand of them take 320 KB,
 * which the second-level cache holds.
 */
import type { Outcome } from '../outcome.ts';
import type { Load } from '../policy.ts';

/** Integers in a row: half a cache line. */
const rowLength = 8;

// The first is what is in flight, then comes the most that may be, and four are the load's own.
const limitColumn = 1;
const weightColumn = 6;

/** Rows made at once for loads that are in no picker yet. */
const nurseryRows = 64;

export class LoadTable {
  readonly doubles: Float64Array;
  /** The same memory. */
  readonly ints: Int32Array;

  constructor(rows: number) {
    this.doubles = new Float64Array((rowLength / 2) * rows);
    this.ints = new Int32Array(this.doubles.buffer);
  }

  /** Where the row begins, in integers. */
  rowAt(index: number): number {
    return rowLength * index;
  }

  /** Whether less is in flight than may be, in the row that begins `at` there. */
  hasRoom(at: number): boolean {
    return this.ints[at]! < this.ints[at + limitColumn]!;
  }

  /** Whether something is in flight, in that row. */
  isBusy(at: number): boolean {
    return this.ints[at]! > 0;
  }

  /** The weight at which the row is compared. */
  weight(at: number): number {
    return this.doubles[(at + weightColumn) >> 1]!;
  }

  setWeight(at: number, weight: number): void {
    this.doubles[(at + weightColumn) >> 1] = weight;
  }
}

/** A load that counts what is in flight, and keeps its numbers in a row. */
export abstract class TabledLoad implements Load {
  /** Where the row is: in `table`, from the integer `at`. Written by {@link moveTo} and {@link leave}. */
  protected table: LoadTable;
  protected at: number;

  constructor() {
    this.at = freshRow();
    this.table = nursery;
  }

  /** What all loads of a pool work out their costs with. */
  abstract readonly shared: object;

  /**
   * What the load of that row is compared by, which is any of the same kind with the same {@link shared}: less where one more request
   * would cost less.
   */
  abstract rankIn(table: LoadTable, at: number, now: number, weight: number): number;

  get inFlight(): number {
    return this.table.ints[this.at]!;
  }

  begin(_now: number): void {
    const { ints } = this.table;
    ints[this.at] = ints[this.at]! + 1;
  }

  end(_elapsedMs: number, _outcome: Outcome, _now: number): void {
    const { ints } = this.table;
    const inFlight = ints[this.at]!;
    // An attempt that is ended twice must not make the peer look emptier than it is.
    if (inFlight > 0) ints[this.at] = inFlight - 1;
  }

  cost(now: number, weight: number): number {
    return this.rankIn(this.table, this.at, now, weight);
  }

  /** To be told whenever the limit of its peer changes, and when it is moved. */
  limitTo(limit: number): void {
    this.table.ints[this.at + limitColumn] = limit;
  }

  /** From now on the row of `table` from `at` on is this load's. */
  moveTo(table: LoadTable, at: number): void {
    const from = this.table.ints;
    for (let column = 0; column < rowLength; column += 1) table.ints[at + column] = from[this.at + column]!;
    this.table = table;
    this.at = at;
  }

  /** Leaves `table` if it is there: one load that is in no picker any more would keep the rows of all. */
  leave(table: LoadTable): void {
    if (this.table !== table) return;
    const at = freshRow();
    this.moveTo(nursery, at);
  }
}

/** Holds the rows of loads that are in no picker. Small, so that the last to use one does not keep much. */
let nursery = new LoadTable(nurseryRows);
let taken = 0;

/** Where a row of the nursery begins that nobody has used. */
function freshRow(): number {
  if (taken === nurseryRows) {
    nursery = new LoadTable(nurseryRows);
    taken = 0;
  }
  taken += 1;
  return rowLength * (taken - 1);
}
