import { printable } from './printable.ts';
import { lengthOf, type Line, type Span, styled } from './terminal.ts';

export interface Column {
  readonly heading: string;
  /** Numbers stand to the right, so that their digits do. */
  readonly right?: true;
}

/** Rows of cells under headings, padded to columns. */
export function table(columns: readonly Column[], rows: readonly (readonly Span[])[]): Line[] {
  const widths = columns.map(({ heading }, index) =>
    Math.max(heading.length, ...rows.map((row) => width(row[index] ?? ''))),
  );
  const line = (cells: readonly Span[]): Line => {
    const spans: Span[] = [];
    for (const [index, { right }] of columns.entries()) {
      const cell = cells[index] ?? '';
      const padding = ' '.repeat((widths[index] ?? 0) - width(cell));
      const gap = index === 0 ? '' : '  ';
      // Nothing follows the last cell, so it needs no padding.
      const after = index === columns.length - 1 ? '' : padding;
      spans.push(...(right === true ? [gap + padding, cell] : [gap, cell, after]));
    }
    return spans;
  };
  return [line(columns.map(({ heading }) => styled('dim', heading))), ...rows.map(line)];
}

function width(cell: Span): number {
  return lengthOf(printable(typeof cell === 'string' ? cell : cell.text));
}
