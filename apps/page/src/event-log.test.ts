import { expect, it } from 'vitest';

import { EventLog } from './event-log.ts';

it('gives whoever was away what came since, in order', () => {
  const log = new EventLog(() => 5000);
  const first = log.add({ kind: 'joined', text: 'a joined', peer: 'a' });
  const second = log.add({ kind: 'action', text: 'alice did it', by: 'alice' });
  expect(first).toEqual({ id: 5000, at: 5000, kind: 'joined', text: 'a joined', peer: 'a', by: null });
  expect(log.since(0)).toEqual([first, second]);
  expect(log.since(first.id)).toEqual([second]);
  expect(log.since(second.id)).toEqual([]);
});

it('keeps the last 500, and after a restart has ids above all before', () => {
  const log = new EventLog(() => 1000);
  for (let count = 0; count < 3000; count += 1) log.add({ kind: 'joined', text: String(count) });
  const kept = log.since(0);
  expect([kept.length, kept[0]?.text, kept.at(-1)?.text]).toEqual([500, '2500', '2999']);
  // More than one a millisecond, for as long as the process runs, does not happen.
  expect(new EventLog(() => 61_000).add({ kind: 'left', text: '' }).id).toBeGreaterThan(kept.at(-1)?.id ?? 0);
});

it('tells listeners until they end it', () => {
  const log = new EventLog(() => 1);
  const heard: string[] = [];
  const end = log.subscribe(({ text }) => heard.push(text));
  log.add({ kind: 'left', text: 'one' });
  end();
  log.add({ kind: 'left', text: 'two' });
  expect(heard).toEqual(['one']);
});
