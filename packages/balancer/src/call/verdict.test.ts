import { expect, it } from 'vitest';

import { outcomeOfBrokenAnswer, verdictOfError, verdictOfStatus, verdictOfTimeout } from './verdict.ts';

const error = (code: string): Error => Object.assign(new Error(code), { code });
const retried = new Set([502, 503, 504]);

it.each([
  ['ECONNREFUSED', false, 'unsent', 'connect'],
  ['UND_ERR_CONNECT_TIMEOUT', false, 'unsent', 'timeout'],
  ['EHOSTUNREACH', false, 'unsent', 'connect'],
  ['ENOTFOUND', false, 'unsent', 'connect'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, 'unsent', 'connect'],
  // An idle connection that broke just before it was used.
  ['ECONNRESET', false, 'unsent', 'connect'],
  ['UND_ERR_SOCKET', true, 'lost', 'reset'],
  ['ECONNRESET', true, 'lost', 'reset'],
  ['EPIPE', true, 'lost', 'reset'],
  ['UND_ERR_HEADERS_TIMEOUT', true, 'lost', 'timeout'],
  ['UND_ERR_HEADERS_OVERFLOW', true, 'lost', 'reset'],
  ['HPE_INVALID_CONSTANT', true, 'lost', 'reset'],
])('takes %s (sent: %s) for %s, and for a failure to %s', (code, sent, kind, reason) => {
  expect(verdictOfError(error(code), sent)).toMatchObject({ kind, outcome: { kind: 'failure', reason } });
});

it.each(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'])(
  'blames the caller for %s',
  (code) => {
    expect(verdictOfError(error(code), true)).toMatchObject({ kind: 'final', outcome: { kind: 'ignored' } });
  },
);

it('does not blame a peer for what we closed ourselves, and sends it elsewhere', () => {
  expect(verdictOfError(error('UND_ERR_DESTROYED'), false)).toMatchObject({
    kind: 'unsent',
    free: true,
    outcome: { kind: 'ignored' },
  });
});

it('believes HTTP/2 peers that say they did not process a stream', () => {
  const refused = Object.assign(new Error('Stream closed with error code NGHTTP2_REFUSED_STREAM'), {
    http2ErrorCode: 7,
  });
  expect(verdictOfError(refused, true)).toMatchObject({ kind: 'refused', outcome: { reason: 'overload' } });
  const goAway = new Error('HTTP/2: "GOAWAY" frame received with code 0');
  expect(verdictOfError(goAway, true)).toMatchObject({ kind: 'refused', free: true, outcome: { kind: 'ignored' } });
});

it('tells a time-out before the request was sent from one after', () => {
  expect(verdictOfTimeout(false)).toMatchObject({ kind: 'unsent', outcome: { reason: 'timeout' } });
  expect(verdictOfTimeout(true)).toMatchObject({ kind: 'lost', outcome: { reason: 'timeout' }, late: true });
  expect(verdictOfError('not even an error', true).kind).toBe('lost');
});

it.each([200, 204, 301, 304, 400, 404, 409, 501, 505])('finds nothing wrong with a peer that answers %i', (status) => {
  expect(verdictOfStatus(status, {}, retried)).toBeUndefined();
});

it.each([
  [500, {}, 'final', 'status', undefined],
  [502, {}, 'answered', 'status', undefined],
  [503, {}, 'answered', 'status', undefined],
  [504, {}, 'answered', 'status', undefined],
  [503, { 'retry-after': '2' }, 'answered', 'overload', 2000],
  [503, { 'x-lb-nack': 'overload' }, 'refused', 'overload', undefined],
  [503, { 'x-lb-nack': 'overload', 'retry-after': '1' }, 'refused', 'overload', 1000],
  [503, { 'x-lb-nack': 'final' }, 'final', 'overload', undefined],
  // A nack says so with 503 only: another status may come from a handler that ran.
  [502, { 'x-lb-nack': 'overload' }, 'answered', 'status', undefined],
  [429, {}, 'final', 'overload', undefined],
  [429, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 'final', 'overload', undefined],
])('takes %i with %o for %s, and for a failure to %s', (status, headers, kind, reason, retryAfterMs) => {
  expect(verdictOfStatus(status, headers, retried)).toMatchObject({
    kind,
    outcome: { kind: 'failure', reason, ...(retryAfterMs !== undefined && { retryAfterMs }) },
  });
});

it('sends a request elsewhere for free that a draining peer has not begun', () => {
  expect(verdictOfStatus(503, { 'x-lb-nack': 'draining' }, retried)).toMatchObject({
    kind: 'refused',
    free: true,
    outcome: { kind: 'ignored' },
  });
});

it('retries a 429 only if it is asked for and says when', () => {
  const asked = new Set([429]);
  expect(verdictOfStatus(429, { 'retry-after': '1' }, asked)).toMatchObject({ kind: 'answered', asksCaller: true });
  expect(verdictOfStatus(429, {}, asked)).toMatchObject({ kind: 'final' });
  expect(verdictOfStatus(429, { 'retry-after': '1' }, retried)).toMatchObject({ kind: 'final' });
});

it('says whether an answer broke off or stopped coming', () => {
  expect(outcomeOfBrokenAnswer(error('UND_ERR_BODY_TIMEOUT'))).toMatchObject({ reason: 'timeout' });
  expect(outcomeOfBrokenAnswer(error('UND_ERR_SOCKET'))).toMatchObject({ reason: 'reset' });
});
