/** Chance, as a number from 0 to below 1. */
export type Chance = () => number;

/** A repeatable source of chance: mulberry32 (Tommy Ettinger), which is quick and good enough to break parsers with. */
export function seededChance(seed: number): Chance {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Returns a variant of `input`: one to eight small changes of the kinds that break parsers, such as those of AFL ("havoc"): bits
 * turned, bytes at the edges of their range, pieces lost, doubled, moved and taken from other inputs, and `words` of the language.
 */
export function mutate(input: Buffer, others: readonly Buffer[], words: readonly Buffer[], random: Chance): Buffer {
  let bytes = input;
  for (let left = 1 + below(8, random); left > 0; left -= 1) bytes = change(bytes, others, words, random);
  return bytes.subarray(0, longest);
}

/** What parsers refuse by size alone is a case or two, not what the time should go into. */
const longest = 8192;

/** The ends of the ranges of bytes and of pieces of them. */
const edges = [0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2f, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xfe, 0xff];

function change(bytes: Buffer, others: readonly Buffer[], words: readonly Buffer[], random: Chance): Buffer {
  const at = below(bytes.length + 1, random);
  const until = Math.min(bytes.length, at + 1 + below(16, random));
  const byte = bytes[at];
  switch (below(9, random)) {
    case 0:
      return byte === undefined ? bytes : spliced(bytes, at, at + 1, Buffer.of(byte ^ (1 << below(8, random))));
    case 1:
      return spliced(bytes, at, at + 1, Buffer.of(chosen(edges, random) ?? 0));
    case 2:
      return spliced(bytes, at, at, Buffer.of(below(256, random)));
    case 3:
      return spliced(bytes, at, until, empty);
    case 4:
      return spliced(bytes, until, until, bytes.subarray(at, until));
    case 5: {
      // A piece that grows by itself: nesting, long numbers, long names.
      const piece = bytes.subarray(at, until);
      return spliced(bytes, at, at, Buffer.concat(Array.from({ length: 1 + below(40, random) }, () => piece)));
    }
    case 6:
      return spliced(bytes, at, random() < 0.5 ? at : until, chosen(words, random) ?? empty);
    case 7: {
      const other = chosen(others, random) ?? empty;
      return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1, random))]);
    }
    default:
      return byte === undefined
        ? bytes
        : spliced(bytes, at, at + 1, Buffer.of((byte + (random() < 0.5 ? 1 : 255)) & 255));
  }
}

const empty = Buffer.alloc(0);

function spliced(bytes: Buffer, from: number, to: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
}

function chosen<T>(items: readonly T[], random: Chance): T | undefined {
  return items[below(items.length, random)];
}

function below(limit: number, random: Chance): number {
  return Math.floor(random() * limit);
}
