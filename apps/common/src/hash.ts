/** The one thing that the example service does: a real digest of a text, so that a wrong answer can be told from a right one. */
import { createHash } from 'node:crypto';
import { type Static, Type } from 'typebox';

/** Algorithms on offer: those that every build of Node has. */
const algorithms = ['sha256', 'sha512', 'sha1', 'md5'] as const;

export const HashRequest = Type.Object({
  text: Type.String({ maxLength: 1_000_000, description: 'What to hash' }),
  algorithm: Type.Enum(algorithms, { default: 'sha256' }),
  rounds: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 10_000,
    description: 'How often the digest is taken, each of the hexadecimal form of the last',
  }),
});
export type HashRequest = Static<typeof HashRequest>;

/** What `/hash` answers. */
export const HashReply = Type.Object({
  hash: Type.String({ description: 'In hexadecimal' }),
  algorithm: Type.String(),
  rounds: Type.Integer(),
  provider: Type.String({ description: 'Name of the provider that computed it' }),
});
export type HashReply = Static<typeof HashReply>;

/** The digest in hexadecimal. O(length of text + rounds), on the event loop. */
export function hash({ text, algorithm, rounds }: HashRequest): string {
  let digest = createHash(algorithm).update(text).digest('hex');
  for (let round = 1; round < rounds; round += 1) digest = createHash(algorithm).update(digest).digest('hex');
  return digest;
}
