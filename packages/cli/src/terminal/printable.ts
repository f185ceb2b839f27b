/**
 * Text that a terminal only shows.
 *
 * Whoever can write to etcd, or answer a request, writes what an operator reads. Escape sequences there could repaint the screen, set
 * the clipboard, or hide a line; characters that turn the direction of writing could make one id look like another. So controls
 * and invisible characters are shown by their numbers.
 */
export function printable(text: string): string {
  return text.replaceAll(unprintable, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

/** Controls, format characters such as those for direction and of no width, line and paragraph separators, halves of pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** A value as one line of JSON, which a terminal only shows, and which reads back as the same value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(unprintable, (character) =>
    Array.from({ length: character.length }, (_none, index) => escapeUnit(character.charCodeAt(index))).join(''),
  );
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
