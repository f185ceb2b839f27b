import { expect, it } from 'vitest';

import { TextSink } from '../testing.ts';
import { Live } from './live.ts';
import { jsonLine, printable } from './printable.ts';
import { table } from './table.ts';
import { styled, Terminal } from './terminal.ts';

/** What repaints a screen, sets a clipboard, rings, hides or turns around. */
const hostile = [
  '\u001B[2J',
  '\u001B]52;c;aGk=\u0007',
  '\u009B1A',
  '\r',
  '\n',
  '\b',
  '\0',
  '\u202E',
  '\u200B',
  '\u2028',
  '\uD800',
  '\u007F',
  '\uFEFF',
];

it.each(hostile.map((text) => [JSON.stringify(text), text]))('shows %s by its number', (_name, text) => {
  const sink = new TextSink({ isTTY: true });
  const terminal = new Terminal(sink, { NO_COLOR: '1' });
  terminal.line(`a${text}b`, styled('red', text));
  terminal.lines(table([{ heading: text }, { heading: 'B' }], [[text, text]]));
  new Live(sink, terminal).show([[text]]);
  const ours = sink.text.replaceAll('\u001B[?25l', '').replaceAll('\u001B[J', '').replaceAll('\n', '');
  expect(ours).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(printable(text)).toMatch(/^\\u\{/);
});

it.each(hostile.map((text) => [JSON.stringify(text), text]))('writes %s as JSON that reads back', (_name, text) => {
  const line = jsonLine({ [text]: [text] });
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  expect(JSON.parse(line)).toEqual({ [text]: [text] });
});

it('leaves what people write with as it is', () => {
  const text = 'Zürich 東京 пример – "ok" 🚀';
  expect(printable(text)).toBe(text);
  expect(jsonLine(text)).toBe(JSON.stringify(text));
});

it('lines columns up, numbers to the right, by what is shown', () => {
  const terminal = new Terminal(new TextSink(), {});
  const lines = table(
    [{ heading: 'ID' }, { heading: 'WEIGHT', right: true }, { heading: 'ZONE' }],
    [
      ['a\n', '1', styled('green', 'z1')],
      ['bcd', '10.5', '-'],
    ],
  ).map((line) => terminal.render(line));
  expect(lines).toEqual(['ID      WEIGHT  ZONE', 'a\\u{a}       1  z1', 'bcd       10.5  -']);
});

it.each([
  ['a terminal', { isTTY: true }, {}, '\u001B[31mx\u001B[39m\n'],
  ['a pipe', { isTTY: false }, {}, 'x\n'],
  ['a terminal with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, 'x\n'],
  ['a terminal with an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, '\u001B[31mx\u001B[39m\n'],
  ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, 'x\n'],
])('writes colours as %s takes them', (_name, kind, env, expected) => {
  const sink = new TextSink(kind);
  new Terminal(sink, env).line(styled('red', 'x'));
  expect(sink.text).toBe(expected);
});

it('repaints its lines in place, within the width and height of the terminal', () => {
  const sink = new TextSink({ isTTY: true, columns: 5, rows: 4 });
  const live = new Live(sink, new Terminal(sink, { NO_COLOR: '1' }));
  live.show([['one'], ['123456789']]);
  expect(sink.text).toBe('\u001B[?25l\u001B[Jone\n12345\n');
  sink.text = '';
  live.show([['a'], ['b'], ['c'], ['d']]);
  expect(sink.text).toBe('\u001B[2A\u001B[Ja\nb\n… 2 m\n');
  sink.text = '';
  live.end();
  expect(sink.text).toBe('\u001B[?25h');
});

it('takes a terminal that does not know its size for one of the usual size', () => {
  const terminal = new Terminal(new TextSink({ isTTY: true, columns: 0, rows: 0 }), {});
  expect([terminal.columns, terminal.rows]).toEqual([80, 24]);
});

it('passes content on byte for byte into a pipe, and only shows it on a terminal', () => {
  const [pipe, screen] = [new TextSink(), new TextSink({ isTTY: true })];
  for (const sink of [pipe, screen]) new Terminal(sink, { NO_COLOR: '1' }).content(Buffer.from('a\u001B[2J\r\n\tb\n'));
  expect(pipe.text).toBe('a\u001B[2J\r\n\tb\n');
  expect(screen.text).toBe('a\\u{1b}[2J\n  b\n');
});
