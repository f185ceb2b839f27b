import type { Endpoint } from '@lb/core';
import { expect, it } from 'vitest';

import { readState } from '../consumer-state.ts';
import { Terminal } from '../terminal/terminal.ts';
import { TextSink } from '../testing.ts';
import { changes } from './changes.ts';
import { JsonView } from './json-view.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';

const now = (): number => Date.UTC(2026, 0, 2, 3, 4, 5);

function endpoint(id: string, change: Partial<Endpoint> = {}): Endpoint {
  return { id, origin: `http://10.0.0.${id.codePointAt(0)! - 96}:80`, state: 'serving', metadata: {}, ...change };
}

const drained = { registered: 'serving', by: 'ops', at: 1 } as const;
const state = readState(
  {
    service: 'hash',
    policy: 'p2c',
    tier: 'panic',
    registry: { stale: 'silent' },
    traffic: { perSecond: 101.4 },
    requests: { perSecond: 100.4, failed: 3, p50Ms: 52.3, p99Ms: null },
    peers: [
      {
        id: 'b',
        origin: 'http://10.0.0.2:80',
        state: 'ejected',
        ejection: { reason: 'failures' },
        weight: 3,
        weightShare: 0.75,
        share: 0.7,
        perSecond: 70,
        inFlight: 4,
        limit: 9,
        failed: 2,
        p50Ms: 50.4,
        p99Ms: 61,
      },
      {
        id: 'z',
        origin: 'http://10.0.0.26:80',
        state: 'serving',
        weight: 1,
        weightShare: 0.25,
        share: null,
        p50Ms: null,
      },
    ],
  },
  'a test',
);

it('says in words what has changed', () => {
  const before = [endpoint('a'), endpoint('b', { weight: 2 }), endpoint('c')];
  const after = [
    endpoint('a', { state: 'draining', overridden: { state: drained } }),
    endpoint('b', { weight: 2.5, maxConcurrency: 7, overridden: { weight: { registered: 2, by: 'ops', at: 1 } } }),
    endpoint('d', { zone: 'z1' }),
  ];
  expect(changes(before, after)).toEqual([
    'a is draining, set by ops',
    'b has weight 2.5 after 2, set by ops',
    'b has a limit of 7',
    'd joined: http://10.0.0.4:80, weight 1, zone z1',
    'c left',
  ]);
  expect(changes(after, after)).toEqual([]);
});

it('paints a table of the registry alone', () => {
  const sink = new TextSink({ isTTY: true, columns: 100 });
  const view = new LiveView(sink, new Terminal(sink, { NO_COLOR: '1' }));
  view.snapshot('hash', { revision: 7, endpoints: [endpoint('b', { weight: 3 }), endpoint('a')] });
  expect(sink.text.split('\n').slice(1)).toEqual([
    'ID  ADDRESS             STATE    WEIGHT  WEIGHT SHARE',
    'a   http://10.0.0.1:80  serving       1        25.0 %',
    'b   http://10.0.0.2:80  serving       3        75.0 %',
    '',
  ]);
  expect(sink.text).toContain('hash  revision 7');
});

it('paints what a consumer does beside it, also of what is no longer registered', () => {
  const sink = new TextSink({ isTTY: true, columns: 200 });
  const view = new LiveView(sink, new Terminal(sink, { NO_COLOR: '1' }));
  view.traffic(state);
  view.lost('hash', 'silent');
  sink.text = '';
  view.snapshot('hash', {
    revision: 7,
    endpoints: [endpoint('b', { weight: 3 }), endpoint('a', { state: 'draining', overridden: { state: drained } })],
  });
  expect(sink.text.split('\n').slice(1)).toEqual([
    'The registry cannot be followed (silent); what is known stays.',
    'The consumer cannot follow the registry (silent); it goes on with what it knows.',
    'Too few peers are available, so the consumer uses ejected ones, too (panic).',
    'ID  ADDRESS              STATE                    WEIGHT  WEIGHT SHARE   SHARE  REQ/S  IN FLIGHT  P50 MS  P99 MS  FAILED',
    'a   http://10.0.0.1:80   draining*                     1         0.0 %       -      -          -       -       -       -',
    'b   http://10.0.0.2:80   ejected: failures             3       100.0 %  70.0 %   70.0        4/9      50      61       2',
    'z   http://10.0.0.26:80  serving, not registered       1        25.0 %       -    0.0          0       -       -       0',
    '',
  ]);
  expect(sink.text).toContain('hash  revision 7, 100 req/s, 3 failed, p50 52 ms, policy p2c');
});

it('writes a line a change, and one for traffic, when nobody looks', () => {
  const sink = new TextSink();
  const view = new PlainView(new Terminal(sink, {}), now);
  view.snapshot('hash', { revision: 1, endpoints: [] });
  view.snapshot('hash', { revision: 2, endpoints: [endpoint('a', { metadata: { note: '\u001B[2J' } })] });
  view.lost('hash', 'unreachable');
  view.recovered('hash');
  view.traffic(state);
  view.noTraffic('gone');
  expect(sink.text.split('\n')).toEqual([
    '2026-01-02T03:04:05Z hash no endpoint is registered',
    '2026-01-02T03:04:05Z hash a joined: http://10.0.0.1:80, weight 1',
    '2026-01-02T03:04:05Z hash the registry cannot be followed (unreachable); what is known stays',
    '2026-01-02T03:04:05Z hash the registry is followed again',
    '2026-01-02T03:04:05Z hash 100 req/s, 3 failed, p50 52 ms, policy p2c, registry stale: silent, tier panic  ' +
      'b 70.0 % of 75.0 % (ejected: failures, 2 failed)  z - of 25.0 %',
    '2026-01-02T03:04:05Z consumer gone',
    '',
  ]);
});

it('writes an object a line for programs', () => {
  const sink = new TextSink();
  const view = new JsonView(new Terminal(sink, {}), now);
  view.snapshot('hash', { revision: 2, endpoints: [endpoint('a')] });
  view.lost('hash', 'unreachable');
  view.recovered('hash');
  view.traffic(state);
  view.noTraffic('gone');
  const lines = sink.text.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { at: '2026-01-02T03:04:05.000Z', kind: 'snapshot', service: 'hash', revision: 2, endpoints: [{ id: 'a' }] },
    { kind: 'lost', why: 'unreachable' },
    { kind: 'recovered' },
    { kind: 'traffic', service: 'hash', peers: [{ id: 'b', share: 0.7 }, { id: 'z' }] },
    { kind: 'no-traffic', why: 'gone' },
  ]);
});

it('lets nothing that a consumer says reach the terminal', () => {
  const text = '\u001B]0;x\u0007\u202E';
  const peers = [{ id: text, origin: text, state: text, ejection: { reason: text }, share: 1 }];
  const hostile = readState({ service: text, policy: text, tier: text, registry: { stale: text }, peers }, 'a test');
  const [pipe, screen] = [new TextSink(), new TextSink({ isTTY: true, columns: 300 })];
  new PlainView(new Terminal(pipe, {}), now).traffic(hostile);
  new JsonView(new Terminal(pipe, {}), now).traffic(hostile);
  const live = new LiveView(screen, new Terminal(screen, { NO_COLOR: '1' }));
  live.traffic(hostile);
  live.tick();
  expect(pipe.text + screen.text.slice('\u001B[?25l\u001B[J'.length)).toMatch(/^[\n\x20-\x7e]+$/);
  expect(screen.text).toContain('\\u{1b}]0;x\\u{7}\\u{202e}');
});

it.each([[null], [[]], ['x'], [{ service: 'hash' }], [{ peers: [] }], [{ service: 1, peers: [] }]])(
  'refuses %j as the state of a consumer',
  (body) => {
    expect(() => readState(body, 'somewhere')).toThrow('What somewhere gives is not the state of a consumer');
  },
);
