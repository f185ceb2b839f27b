import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesOf, includes, isEmpty, type KeyRange, singleKey } from '../store/key-range.ts';
import { type Access, covers, type Permission } from './permissions.ts';

const letters = ['\0', 'a', 'b'];
const upTo2 = letters.flatMap((first) => [first, ...letters.map((second) => first + second)]);
/** Every key that a range can begin or end at, and so the first key of every gap there can be. */
const universe = [...upTo2, ...upTo2.flatMap((text) => letters.map((letter) => text + letter))];

function permission(access: Access, range: KeyRange): Permission {
  return { access, range, key: bytesOf(range.start), rangeEnd: Buffer.alloc(0) };
}

test('permissions cover a range when each of its keys is within one of them; an empty one, when its first is', () => {
  const key = fc.constantFrom(...upTo2);
  const range: fc.Arbitrary<KeyRange> = fc.oneof(
    key.map(singleKey),
    fc.record({ start: key, end: fc.option(key, { nil: undefined }) }),
  );
  const access = fc.constantFrom<Access>('read', 'write', 'readwrite');
  const granted = fc.array(fc.tuple(access, range), { maxLength: 5 });
  fc.assert(
    fc.property(granted, fc.constantFrom('read', 'write'), range, (grants, wanted, asked) => {
      const useful = grants.filter(([allows]) => allows === wanted || allows === 'readwrite');
      const keys = isEmpty(asked) ? [asked.start] : universe.filter((one) => includes(asked, one));
      // Beyond all ends only a range without an end goes on.
      const reachesEnd = asked.end !== undefined || useful.some(([, { end }]) => end === undefined);
      const expected = reachesEnd && keys.every((one) => useful.some(([, own]) => includes(own, one)));
      expect(
        covers(
          grants.map(([allows, own]) => permission(allows, own)),
          wanted,
          asked,
        ),
      ).toBe(expected);
    }),
    { numRuns: 500 },
  );
});
