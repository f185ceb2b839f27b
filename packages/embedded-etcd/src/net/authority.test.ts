import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AuthorityRepair } from './authority.ts';

/** The codes of RFC 7541, appendix B, for the characters of a URL. */
const codes: Readonly<Record<string, string>> = {
  '0': '00000',
  '1': '00001',
  '2': '00010',
  '3': '011001',
  '7': '011101',
  '9': '011111',
  a: '00011',
  h: '100111',
  l: '101000',
  o: '00111',
  p: '101011',
  t: '01001',
  z: '1111011',
  '.': '010111',
  '/': '011000',
  ':': '1011100',
  '-': '010110',
  '&': '11111000',
  '[': '1111111111011',
  ']': '1111111111100',
  '?': '1111111100',
  '!': '1111111000',
  '+': '11111111011',
  '#': '111111111010',
};

function huffman(text: string): Buffer {
  const bits = Array.from(text, (character) => codes[character] ?? '').join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '1');
  return Buffer.from((padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function integer(first: number, bits: number, value: number): Buffer {
  const max = 2 ** bits - 1;
  if (value < max) return Buffer.from([first | value]);
  const bytes = [first | max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function string(text: string, coded: boolean): Buffer {
  const bytes = coded ? huffman(text) : Buffer.from(text);
  return Buffer.concat([integer(coded ? 0x80 : 0, 7, bytes.length), bytes]);
}

/** A field as HPACK writes it; a name that is a number is an index. */
interface Field {
  readonly name: number | string;
  readonly value: string;
  readonly coded: boolean;
  readonly indexing: boolean;
}

function block(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(({ name, value, coded, indexing }) => {
      const index = typeof name === 'number' ? name : 0;
      const start = indexing ? integer(0x40, 6, index) : integer(0, 4, index);
      return [start, ...(typeof name === 'string' ? [string(name, coded)] : []), string(value, coded)];
    }),
  );
}

function frame(type: number, content: Buffer, flags = 0x04): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(content.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  return Buffer.concat([header, content]);
}

const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

function repaired(bytes: Buffer, sizes: readonly number[] = [bytes.length]): Buffer {
  const repair = new AuthorityRepair();
  const out: Buffer[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    out.push(repair.push(Buffer.from(bytes.subarray(at, at + size))));
    at += size;
  }
  return Buffer.concat(out);
}

describe('a repaired connection', () => {
  test.each([true, false])('has dots where an authority had slashes (Huffman: %s)', (coded) => {
    const request = (value: string) =>
      Buffer.concat([preface, frame(4, Buffer.alloc(0)), frame(1, block([{ name: 1, value, coded, indexing: true }]))]);
    expect(repaired(request('http://127.0.0.1:2379'))).toEqual(request('http:..127.0.0.1:2379'));
    expect(repaired(request('http://[::1]:2379'))).toEqual(request('http:..[::1]:2379'));
    expect(repaired(request('127.0.0.1:2379'))).toEqual(request('127.0.0.1:2379'));
  });

  test('leaves the example of RFC 7541, C.4.1, as it is', () => {
    const example = Buffer.from('828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex');
    const request = Buffer.concat([preface, frame(1, example)]);
    expect(repaired(request)).toEqual(request);
  });

  test('reads past the priority in a frame, and leaves padded ones alone', () => {
    const fields = (value: string) => block([{ name: 1, value, coded: true, indexing: true }]);
    const priority = Buffer.from([0, 0, 0, 3, 16]);
    const request = (value: string) =>
      Buffer.concat([preface, frame(1, Buffer.concat([priority, fields(value)]), 0x24)]);
    expect(repaired(request('a/a'))).toEqual(request('a.a'));
    const padded = Buffer.concat([preface, frame(1, Buffer.concat([Buffer.from([0]), fields('a/a')]), 0x0c)]);
    expect(repaired(padded)).toEqual(padded);
  });

  test('is otherwise as it was, however it comes in pieces', () => {
    const text = fc.string({ unit: fc.constantFrom(...Object.keys(codes)), maxLength: 40 });
    const field: fc.Arbitrary<Field> = fc.record({
      name: fc.oneof(fc.constantFrom(1, 4, 7, 62, 200), text),
      value: text,
      coded: fc.boolean(),
      indexing: fc.boolean(),
    });
    const content = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
    const part = fc.oneof(
      fc.record({ fields: fc.array(field, { maxLength: 6 }) }),
      fc.record({ type: fc.constantFrom(0, 3, 4, 8, 9), content }),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (parts, sizes) => {
          const written = (change: (one: Field) => Field): Buffer =>
            Buffer.concat([
              preface,
              ...parts.map((one) =>
                'fields' in one ? frame(1, block(one.fields.map(change))) : frame(one.type, one.content),
              ),
            ]);
          const expected = written((one) => (one.name === 1 ? { ...one, value: one.value.replaceAll('/', '.') } : one));
          expect(
            repaired(
              written((one) => one),
              sizes,
            ),
          ).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('does not trip over headers that are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const request = Buffer.concat([preface, frame(1, Buffer.from(bytes)), frame(0, Buffer.from('after'))]);
        expect(repaired(request).length).toBe(request.length);
        expect(repaired(request).subarray(-5).toString()).toBe('after');
      }),
    );
  });
});
