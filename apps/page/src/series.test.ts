import { expect, it } from 'vitest';

import { Series } from '../browser/series.js';
import { Recent } from './recent.ts';
import type { ConsumerState, SecondSummary } from './wire.ts';

const summary = (second: number, requests: number): SecondSummary => ({
  second,
  requests,
  failed: 0,
  inFlight: 0,
  p50Ms: null,
  p99Ms: null,
});

/** A state, as far as charts look at it. */
const state = (second: number, requests: number): Pick<ConsumerState, 'second' | 'peers'> => ({
  second: summary(second, requests),
  peers: [],
});

function seriesOf(recent: Recent): Series {
  return new Series(recent.read());
}

it('grows by a second with each state, and once for each second', () => {
  const recent = new Recent();
  recent.add(summary(100, 7), []);
  const series = seriesOf(recent);
  expect([series.add(state(101, 8)), series.add(state(101, 8)), series.add(state(102, 9))]).toEqual([true, true, true]);
  expect(series.lists.requests.slice(-4)).toEqual([null, 7, 8, 9]);
});

it('asks for the history again when seconds are missing, and when a restarted consumer counts from the beginning', () => {
  const recent = new Recent();
  recent.add(summary(3600, 7), []);
  expect(seriesOf(recent).add(state(3602, 8))).toBe(false);
  expect(seriesOf(recent).add(state(5, 8))).toBe(false);
});
