import { styleText } from 'node:util';

import type { Sink } from '../world.ts';
import { jsonLine, printable } from './printable.ts';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export type Span = string | { readonly text: string; readonly style: Style };
export type Line = readonly Span[];

export function styled(style: Style, text: string): Span {
  return { text, style };
}

/** Where a command writes. All that a terminal is sent passes `printable` here, but for `raw`, so no caller can forget it. */
export class Terminal {
  readonly #sink: Sink;
  readonly #colours: boolean;

  /** Colours are for terminals, unless `NO_COLOR` (https://no-color.org) or a dumb terminal says otherwise. */
  constructor(sink: Sink, env: Readonly<Record<string, string | undefined>>) {
    this.#sink = sink;
    this.#colours = sink.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
  }

  get isTty(): boolean {
    return this.#sink.isTTY === true;
  }

  get columns(): number {
    return sizeOf(this.#sink.columns, 80);
  }

  get rows(): number {
    return sizeOf(this.#sink.rows, 24);
  }

  line(...spans: Line): void {
    this.#sink.write(`${this.render(spans)}\n`);
  }

  lines(lines: readonly Line[]): void {
    for (const line of lines) this.line(...line);
  }

  /** One line of JSON. */
  json(value: unknown): void {
    this.#sink.write(`${jsonLine(value)}\n`);
  }

  /** Text of ours that needs no care, such as a script. */
  raw(text: string): void {
    this.#sink.write(text);
  }

  /** What somebody else has sent: byte for byte into a pipe, as text that is only shown on a terminal. */
  content(bytes: Uint8Array): void {
    if (!this.isTty) {
      this.#sink.write(bytes);
      return;
    }
    const lines = new TextDecoder()
      .decode(bytes)
      .replace(/\r?\n$/, '')
      .split(/\r?\n/);
    for (const line of lines) this.line(line.replaceAll('\t', '  '));
  }

  /** `spans` as one string, cut to `columns` characters, or whole. */
  render(spans: Line, columns?: number): string {
    let left = columns ?? Infinity;
    let rendered = '';
    for (const span of spans) {
      if (left <= 0) break;
      const { text, style } = typeof span === 'string' ? { text: span, style: undefined } : span;
      const shown = cut(printable(text), left);
      left -= lengthOf(shown);
      rendered += style !== undefined && this.#colours ? styleText(style, shown, { validateStream: false }) : shown;
    }
    return rendered;
  }
}

/** A terminal whose size nobody has set, as under `script` or in some containers, says 0. */
function sizeOf(given: number | undefined, usual: number): number {
  return given === undefined || given === 0 ? usual : given;
}

/** Characters, as far as a terminal gives each one column. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return Array.from(text).slice(0, length).join('');
}
