/**
 * Makes `:authority` headers acceptable that are none.
 *
 * etcdctl 3.4 sends the URL of an endpoint where HTTP/2 wants host and port, whenever it speaks to one endpoint by name:
 * `endpoint status`, `hashkv` and `defrag` of `http://127.0.0.1:2379`, or of `--cluster`. Go's server does not mind; Node's resets
 * the stream, and has no option not to. So the slashes become dots on the way in, which change nothing else: a dot takes as many
 * bits as a slash, both plain and in the Huffman code of HPACK (RFC 7541), and nobody reads this header.
 */
export class AuthorityRepair {
  /** Bytes to pass on unread; undefined before the first of a connection. */
  #unread: number | undefined;
  /** The beginning of a frame whose end has yet to come. */
  #begun: Buffer = Buffer.alloc(0);

  /** Takes what came from the client, and returns what the server should read in its place. May change `chunk`. */
  push(chunk: Buffer): Buffer {
    this.#unread ??= isHttp2(chunk) ? preface.length : Infinity;
    const bytes = this.#begun.length === 0 ? chunk : Buffer.concat([this.#begun, chunk]);
    let at = 0;
    for (;;) {
      const passed = Math.min(this.#unread, bytes.length - at);
      this.#unread -= passed;
      at += passed;
      const frame = bytes.subarray(at);
      if (frame.length < frameHeaderSize) break;
      const length = frame.readUIntBE(0, 3);
      if (frame.readUInt8(3) === headersFrame) {
        if (frame.length < frameHeaderSize + length) break;
        const flags = frame.readUInt8(4);
        repairBlock(frame.subarray(frameHeaderSize + (flags & hasPriority ? 5 : 0), frameHeaderSize + length), flags);
      }
      this.#unread = frameHeaderSize + length;
    }
    this.#begun = bytes.subarray(at);
    return bytes.subarray(0, at);
  }
}

/** What a connection of HTTP/2 begins with. */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** Whether a connection that begins with these bytes is one of HTTP/2. */
export function isHttp2(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, preface.length);
  return bytes.subarray(0, length).equals(preface.subarray(0, length));
}

const frameHeaderSize = 9;
const headersFrame = 1;
const isPadded = 0x08;
const hasPriority = 0x20;

/** Integers of up to 35 bits: more than any length, and few enough that they stay whole numbers. */
const longestShift = 28;

/** Index of `:authority` in the static table. */
const authority = 1;

/** Walks the fields of a header block, and repairs the one in question. What it cannot read it leaves as it is. */
function repairBlock(block: Buffer, flags: number): void {
  // No client that is known pads its headers.
  if (flags & isPadded) return;
  const reader = new Reader(block);
  while (!reader.atEnd) {
    const first = reader.peek();
    if (first & 0x80) {
      reader.integer(7);
    } else if ((first & 0xe0) === 0x20) {
      reader.integer(5);
    } else {
      const name = reader.integer(first & 0x40 ? 6 : 4);
      if (name === 0) reader.string();
      const value = reader.string();
      if (name === authority) repairValue(value.bytes, value.isHuffman);
    }
  }
}

class Reader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get atEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    return this.#block[this.#at] ?? 0;
  }

  /** An integer whose first bits share a byte with something else. */
  integer(bits: number): number {
    const max = (1 << bits) - 1;
    let value = this.peek() & max;
    this.#at += 1;
    if (value < max) return value;
    for (let shift = 0; shift <= longestShift; shift += 7) {
      const byte = this.peek();
      this.#at += 1;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    // Longer than any that is needed, which RFC 7541 (5.1) calls an error: the rest is left to Node, which refuses it.
    this.#at = this.#block.length;
    return value;
  }

  string(): { readonly bytes: Buffer; readonly isHuffman: boolean } {
    const isHuffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    this.#at += length;
    return { bytes, isHuffman };
  }
}

function repairValue(bytes: Buffer, isHuffman: boolean): void {
  if (isHuffman) return repairHuffman(bytes);
  for (let at = bytes.indexOf('/'); at >= 0; at = bytes.indexOf('/', at)) bytes.write('.', at);
}

/**
 * Lengths of codes, and the first number that is not one of that length. The code is such that all longer ones begin with larger
 * numbers, so that this is all there is to know to tell where a code ends. No character of a URL has a longer one.
 */
const codeLengths = [
  [5, 0x0a],
  [6, 0x2e],
  [7, 0x7c],
  [8, 0xfe],
  [10, 0x3fd],
  [11, 0x7fd],
  [12, 0xffc],
  [13, 0x1ffe],
] as const;

const slash = 0x18;
const dot = 0x17;
const slashLength = 6;

function repairHuffman(bytes: Buffer): void {
  const end = bytes.length * 8;
  for (let at = 0; at < end;) {
    const start = at;
    const code = codeLengths.find(([length, limit]) => start + length <= end && bitsAt(bytes, start, length) < limit);
    // Padding, or a code that is longer than any of a URL.
    if (code === undefined) return;
    const [length] = code;
    if (length === slashLength && bitsAt(bytes, at, length) === slash) setBits(bytes, at, length, dot);
    at += length;
  }
}

function bitsAt(bytes: Buffer, at: number, length: number): number {
  let bits = 0;
  for (let bit = at; bit < at + length; bit += 1)
    bits = (bits << 1) | (((bytes[bit >> 3] ?? 0) >> (7 - (bit & 7))) & 1);
  return bits;
}

function setBits(bytes: Buffer, at: number, length: number, bits: number): void {
  for (let index = 0; index < length; index += 1) {
    const bit = at + index;
    const mask = 0x80 >> (bit & 7);
    const byte = bytes[bit >> 3] ?? 0;
    bytes[bit >> 3] = (bits >> (length - 1 - index)) & 1 ? byte | mask : byte & ~mask;
  }
}
