import type { Random } from '../policy.ts';
import { AliasTable } from './alias-table.ts';

/** Up to here all pairs fit one table: at most 256 columns, 2 KiB. */
const maxTabled = 16;

/** Share from which an index is drawn so often that redraws would be many, and what the rest is drawn from has its own table. */
const heavyShare = 1 / 4;

/** Draws before giving up on chance. No index left has more than half of its table, so all fail once in 65 536 at the worst. */
const maxDraws = 16;

/** Draws in search of a third. Nothing depends on finding one. */
const maxThirdDraws = 8;

function drawThird(table: AliasTable, random: Random, first: number, second: number): number {
  let third = first;
  for (let draws = 0; draws < maxThirdDraws && (third === first || third === second); draws += 1) {
    third = table.draw(random);
  }
  return third;
}

/** Draws two different indexes, one after the other, each in proportion to its weight among those left. O(1) a draw. */
export interface DistinctPairs {
  first(random: Random): number;
  /** To be called right after {@link first}, with what it returned. Two calls and not one, since a pair would be allocated. */
  second(random: Random, first: number): number;
  /** Any index in proportion to its weight, which may be one of those drawn before. */
  any(random: Random): number;
  /**
   * An index that is neither of the two, of at least three, in proportion to its weight among those left; one of the two where draws do not
   * find another soon.
   */
  third(random: Random, first: number, second: number): number;
}

/** For at least two weights, finite and above 0. O(n). */
export function distinctPairs(weights: ArrayLike<number>): DistinctPairs {
  return weights.length <= maxTabled ? new TabledPairs(weights) : new RedrawnPairs(weights);
}

/**
 * Every ordered pair is one column of one alias table, so two draws cost one, and none is ever repeated. Few peers are the usual
 * case and the one in which redraws would be frequent: of 1:2:3 the second draw repeats the first in 39 % of all picks.
 */
class TabledPairs implements DistinctPairs {
  readonly #size: number;
  readonly #bits: number;
  readonly #table: AliasTable;
  readonly #singles: AliasTable;
  #second = 0;

  constructor(weights: ArrayLike<number>) {
    this.#size = weights.length;
    this.#singles = new AliasTable(weights);
    this.#bits = 32 - Math.clz32(weights.length - 1);
    const chances = new Float64Array(weights.length << this.#bits);
    for (let first = 0; first < weights.length; first += 1) {
      // Summed anew rather than subtracted: next to 1e9, nothing would be left of 1e-9.
      let others = 0;
      for (let second = 0; second < weights.length; second += 1) if (second !== first) others += weights[second]!;
      for (let second = 0; second < weights.length; second += 1) {
        if (second !== first) chances[(first << this.#bits) | second] = weights[first]! * (weights[second]! / others);
      }
    }
    this.#table = new AliasTable(chances);
  }

  first(random: Random): number {
    const pair = this.#table.draw(random);
    this.#second = pair & ((1 << this.#bits) - 1);
    return pair >> this.#bits;
  }

  second(): number {
    return this.#second;
  }

  any(random: Random): number {
    return this.#singles.draw(random);
  }

  third(random: Random, first: number, second: number): number {
    return this.#size === 3 ? 3 - first - second : drawThird(this.#singles, random, first, second);
  }
}

/** Draws again while the second is the first. */
class RedrawnPairs implements DistinctPairs {
  readonly #size: number;
  readonly #table: AliasTable;
  readonly #heaviest: number;
  /** What is drawn from after the heaviest. */
  readonly #others: AliasTable;

  constructor(weights: ArrayLike<number>) {
    this.#size = weights.length;
    this.#table = new AliasTable(weights);

    const others = Float64Array.from(weights);
    const most = others.reduce((heavier, weight) => Math.max(heavier, weight));
    const sum = others.reduce((total, weight) => total + weight);
    this.#heaviest = others.indexOf(most);
    others[this.#heaviest] = 0;
    this.#others = most < heavyShare * sum ? this.#table : new AliasTable(others);
  }

  first(random: Random): number {
    return this.#table.draw(random);
  }

  second(random: Random, first: number): number {
    const table = first === this.#heaviest ? this.#others : this.#table;
    const second = table.draw(random);
    return second === first ? this.#secondAgain(table, random, first) : second;
  }

  any(random: Random): number {
    return this.#table.draw(random);
  }

  third(random: Random, first: number, second: number): number {
    return drawThird(this.#table, random, first, second);
  }

  /** By itself, so that the one draw that nearly always does is short enough to be compiled into the picker. */
  #secondAgain(table: AliasTable, random: Random, first: number): number {
    for (let draws = 1; draws < maxDraws; draws += 1) {
      const second = table.draw(random);
      if (second !== first) return second;
    }
    return (first + 1) % this.#size;
  }
}
