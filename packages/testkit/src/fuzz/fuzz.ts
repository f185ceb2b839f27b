/**
 * Fuzzing without instruments: inputs are changed by chance, and one that has a consequence not seen before is kept to be changed
 * further. What a parser answers to an input stands for the path that it took; targets should therefore say much, but little of chance.
 */
import { type Chance, mutate } from './mutate.ts';

/** Something that takes bytes from strangers. */
export interface FuzzTarget {
  /** Names its folder in the corpus. */
  readonly name: string;
  /** Pieces of its language. */
  readonly words: readonly string[];
  /** Whether a case takes turns of the event loop, and not microseconds: `runFuzz` then tries a tenth as many. */
  readonly slow?: true;
  /** What came of it, in few words. Throws when a promise is broken; whatever else it throws is a finding, too. */
  run(input: Buffer): string | Promise<string>;
}

export interface FuzzOptions {
  readonly cases: number;
  readonly random: Chance;
  /** What to begin with; each is tried as it is first. */
  readonly corpus: readonly Buffer[];
  /** Told of each input before it is tried. */
  readonly onCase?: (input: Buffer) => void;
}

export interface FuzzResult {
  readonly cases: number;
  /** How often each consequence was seen. */
  readonly consequences: ReadonlyMap<string, number>;
  /** The first input of each consequence that the corpus did not have. */
  readonly novel: readonly Buffer[];
}

export class FuzzFinding extends Error {
  override readonly name = 'FuzzFinding';
  readonly input: Buffer;

  constructor(target: string, input: Buffer, cause: unknown) {
    super(
      `"${target}" broke its promise with ${JSON.stringify(input.toString('latin1').slice(0, 200))}: ${String(cause)}`,
      {
        cause,
      },
    );
    this.input = input;
  }
}

/** How many inputs are changed further at most. Past it, a new one takes the place of an old one. */
const poolSize = 4096;

/** @throws {FuzzFinding} For the first input with which the target breaks a promise. */
export async function fuzz(target: FuzzTarget, { cases, random, corpus, onCase }: FuzzOptions): Promise<FuzzResult> {
  const pool: Buffer[] = [...corpus];
  const words = target.words.map((word) => Buffer.from(word));
  const consequences = new Map<string, number>();
  const novel: Buffer[] = [];
  for (let count = 0; count < cases; count += 1) {
    const given = corpus[count];
    const input = given ?? mutate(pool[Math.floor(random() * pool.length)] ?? Buffer.alloc(0), pool, words, random);
    onCase?.(input);
    const answer = consequenceOf(target, input);
    // oxlint-disable-next-line eslint/no-await-in-loop -- the next input is made from what came of this one
    const consequence = typeof answer === 'string' ? answer : await answer;
    const seen = consequences.get(consequence) ?? 0;
    consequences.set(consequence, seen + 1);
    if (seen > 0 || given !== undefined) continue;
    // A copy: what `mutate` returns may be a window on more.
    const kept = Buffer.from(input);
    novel.push(kept);
    if (pool.length < poolSize) pool.push(kept);
    else pool[Math.floor(random() * pool.length)] = kept;
  }
  return { cases, consequences, novel };
}

/** Waits only for what has to be waited for: a turn of the event loop takes longer than most parsers. */
function consequenceOf(target: FuzzTarget, input: Buffer): string | Promise<string> {
  try {
    const result = target.run(input);
    if (typeof result === 'string') return result;
    return result.catch((error: unknown) => {
      throw new FuzzFinding(target.name, input, error);
    });
  } catch (error) {
    throw new FuzzFinding(target.name, input, error);
  }
}
