const encoder = new TextEncoder();

/** The UTF-8 bytes of `text`: what other languages hash when they hash a string. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Whether characters whose codes, all joined by `|`, are `seen` are their own UTF-8 bytes. */
export function isAscii(seen: number): boolean {
  return seen < 128;
}
