/** A world for tests: what a command wrote is kept as text. */
import type { Sink, World } from './world.ts';

export class TextSink implements Sink {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;
  readonly rows: number;

  constructor({ isTTY = false, columns = 80, rows = 24 }: Partial<Pick<TextSink, 'isTTY' | 'columns' | 'rows'>> = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string | Uint8Array): void {
    this.text += typeof text === 'string' ? text : new TextDecoder().decode(text);
  }
}

export interface TestWorld extends World {
  readonly stdout: TextSink;
  readonly stderr: TextSink;
}

export function testWorld(change: Partial<TestWorld> = {}): TestWorld {
  return {
    stdout: new TextSink(),
    stderr: new TextSink(),
    env: {},
    signal: new AbortController().signal,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    // Tests take their time.
    completionMs: 60_000,
    ...change,
  };
}
