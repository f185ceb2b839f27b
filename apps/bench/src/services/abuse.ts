import { setTimeout as after } from 'node:timers/promises';

import type { AppProcess } from './app-process.ts';
import { type Attempt, corpus } from './corpus.ts';
import { OpenLoop, percentile } from './open-loop.ts';
import { atMost, type Kept, never, none, type Outcome, type Situation } from './promise.ts';
import { Raw } from './raw.ts';
import { Recorder } from './recorder.ts';
import { System } from './system.ts';

export const abuse: Situation = {
  about: 'Requests that are smuggled, too large or never come to an end',
  async run({ scale }) {
    await using system = await System.start();
    await using recorder = await Recorder.start(system.etcdHosts);
    await system.providers(2);
    const consumer = await system.consumer('consumer');
    const parts = [
      await smuggle(consumer, recorder),
      await oversize(consumer, recorder),
      await drip(consumer, recorder, Math.ceil(250 * scale)),
    ];
    return {
      promises: parts.flatMap(({ promises }) => promises),
      figures: Object.assign({}, ...parts.map(({ figures }) => figures)),
    };
  },
};

/** Sends the corpus, one request after the other. */
export async function smuggle({ origin }: AppProcess, recorder: Recorder): Promise<Outcome> {
  const wrong: string[] = [];
  for (const attempt of corpus) {
    const { begun } = recorder;
    const raw = new Raw(origin);
    raw.write(attempt.bytes);
    await raw.untilClosed(20_000);
    raw.destroy();
    const fault = faultOf(attempt, raw.statuses, recorder.begun - begun);
    if (fault !== undefined) wrong.push(`${attempt.name}: ${fault}`);
  }
  const smuggled = recorder.whole.filter(({ url }) => url.includes('smuggled'));
  return {
    promises: [
      never(
        'every request of the smuggling corpus gets the status that is right',
        wrong.length,
        corpus.length,
        list(wrong),
      ),
      never('the provider sees none that was smuggled', smuggled.length, corpus.length),
    ],
    figures: { corpus: corpus.length, soundAmongThem: corpus.filter(({ passes }) => passes).length },
  };
}

function faultOf({ statuses, passes = false }: Attempt, got: readonly number[], reached: number): string | undefined {
  const answered = got.length > 0 && got.every((status) => statuses.includes(status));
  const expected = passes ? 1 : 0;
  return answered && reached === expected
    ? undefined
    : `got ${got.join(', ') || 'nothing'}, and the provider ${reached} requests`;
}

/** Sends bodies of twice the size that is allowed. */
export async function oversize({ origin }: AppProcess, recorder: Recorder): Promise<Outcome> {
  const before = recorder.whole.length;
  const part = 'x'.repeat(65_536);
  const sized = new Raw(origin);
  sized.write(post(`Content-Length: ${2 * 2 ** 20}`));
  const counted = new Raw(origin);
  counted.write(post('Transfer-Encoding: chunked'));
  for (let sent = 0; sent < 32; sent += 1) {
    sized.write(part);
    counted.write(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  await Promise.all([sized.untilClosed(20_000), counted.untilClosed(20_000)]);
  const wrong = [sized, counted].filter(({ statuses, closedAt }) => statuses[0] !== 413 || closedAt === undefined);
  return {
    promises: [
      never('bodies of 2 MiB, with a length and without, are answered with 413 and closed', wrong.length, 2),
      never('the provider is given none of them as whole', recorder.whole.length - before, 2),
    ],
    figures: { oversize: [sized.statuses, counted.statuses] },
  };
}

/** Half of the sockets drip a head, half a body: a byte a second each. Beside them callers who behave must not notice. */
async function drip({ origin }: AppProcess, recorder: Recorder, half: number): Promise<Outcome> {
  const before = recorder.whole.length;
  const usual = await behave(origin, 3000, async () => {});
  const heads: Raw[] = [];
  const bodies: Raw[] = [];
  const during = await behave(origin, 13_000, async () => {
    for (let count = 0; count < half; count += 1) {
      heads.push(start(origin, 'GET /svc/recorder/target HTTP/1.1\r\nHost: a\r\nX: '));
      bodies.push(start(origin, 'POST /svc/recorder/target HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'));
      if (count % 25 === 0) await after(20);
    }
    const timer = setInterval(() => {
      for (const raw of [...heads, ...bodies]) raw.write('x');
    }, 1000);
    await Promise.all([...heads, ...bodies].map((raw) => raw.untilClosed(20_000)));
    clearInterval(timer);
  });
  const of = heads.length + bodies.length;
  const unanswered = [...heads, ...bodies].filter(({ statuses }) => statuses[0] !== 408 && statuses[0] !== 400);
  const promises: Kept[] = [
    atMost(`of ${of} dripping sockets, those with a head are closed after`, lasted(heads), 6500, ' ms'),
    atMost('those with a body are closed after', lasted(bodies), 11_500, ' ms'),
    never('the provider is given none of them as whole', recorder.whole.length - before, of),
    none('callers who behave meanwhile are all answered', during.failed, during.count),
    atMost('their 99th percentile against before:', during.p99Ms / usual.p99Ms, 3),
  ];
  return {
    promises,
    figures: {
      closedWithoutStatus: unanswered.length,
      p99BeforeMs: Math.round(usual.p99Ms),
      p99DuringMs: Math.round(during.p99Ms),
    },
  };
}

/** The head of a request with a body. */
function post(header: string): string {
  return `POST /svc/recorder/target HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n`;
}

/** How long the last of them stayed open, in milliseconds. */
function lasted(raws: readonly Raw[]): number {
  return Math.max(...raws.map(({ openedAt, closedAt = Infinity }) => closedAt - openedAt));
}

/** One a line. */
function list(faults: readonly string[]): string {
  return faults.map((fault) => `\n           ${fault}`).join('');
}

function start(origin: string, bytes: string): Raw {
  const raw = new Raw(origin);
  raw.write(bytes);
  return raw;
}

/** How callers fare that do nothing unusual, for `leastMs` and as long as `meanwhile` takes. */
async function behave(
  origin: string,
  leastMs: number,
  meanwhile: () => Promise<void>,
): Promise<{ readonly p99Ms: number; readonly failed: number; readonly count: number }> {
  const load = new OpenLoop({
    perSecond: 50,
    next: (index) => ({ origin, method: 'GET', path: `/hash?text=${index}` }),
  });
  await Promise.all([after(leastMs), meanwhile()]);
  const sent = await load.stop();
  return {
    p99Ms: percentile(
      sent.map(({ elapsedMs }) => elapsedMs),
      0.99,
    ),
    failed: sent.filter(({ status }) => status !== 200).length,
    count: sent.length,
  };
}
