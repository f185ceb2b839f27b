import type { Sink } from '../world.ts';
import type { Line, Terminal } from './terminal.ts';

/** Lines at the end of a terminal's output that are replaced as they change. */
export class Live {
  readonly #sink: Sink;
  readonly #terminal: Terminal;
  #shown = 0;

  constructor(sink: Sink, terminal: Terminal) {
    this.#sink = sink;
    this.#terminal = terminal;
  }

  /** Shows `lines` in place of the last ones. What the terminal has no room for is counted instead. */
  show(lines: readonly Line[]): void {
    const { columns, rows } = this.#terminal;
    const room = Math.max(2, rows - 1);
    const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), [`… ${lines.length - room + 1} more`]];
    const text = shown.map((line) => `${this.#terminal.render(line, columns)}\n`).join('');
    this.#sink.write(`${this.#shown === 0 ? hideCursor : up(this.#shown)}${clearBelow}${text}`);
    this.#shown = shown.length;
  }

  /** Leaves the last lines where they are. */
  end(): void {
    if (this.#shown > 0) this.#sink.write(showCursor);
    this.#shown = 0;
  }
}

const hideCursor = '\u001B[?25l';
const showCursor = '\u001B[?25h';
const clearBelow = '\u001B[J';
const up = (lines: number): string => `\u001B[${lines}A`;
