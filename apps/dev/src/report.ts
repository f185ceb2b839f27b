/** One line a second: how many requests, to whom, how fast, and what went wrong. */
import type { ProviderPlan } from './cluster.ts';
import type { Sample } from './load.ts';

/** Shares are taken over this long: at 200 requests a second, chance moves them by a point. */
const shareWindowMs = 10_000;

export class Report {
  readonly #plans: readonly ProviderPlan[];
  #samples: Sample[] = [];
  #total = 0;
  #failed = 0;

  constructor(plans: readonly ProviderPlan[]) {
    this.#plans = plans;
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    this.#total += 1;
    if (sample.error !== undefined) this.#failed += 1;
  }

  /** The line for the second before `now`. */
  line(now: number): string {
    this.#samples = this.#samples.filter(({ at }) => at > now - shareWindowMs);
    const second = this.#samples.filter(({ at }) => at > now - 1000);
    const times = second.map(({ elapsedMs }) => elapsedMs).toSorted((a, b) => a - b);
    const quantile = (share: number): string => {
      const time = times[Math.min(times.length - 1, Math.floor(times.length * share))];
      return (time === undefined ? '–' : time.toFixed(0)).padStart(3);
    };
    const errors = second.filter(({ error }) => error !== undefined);
    return [
      `${String(second.length).padStart(4)} req/s`,
      ...this.#shares(),
      `p50 ${quantile(0.5)} ms  p99 ${quantile(0.99)} ms`,
      errors.length === 0 ? '0 errors' : `${errors.length} errors, such as: ${errors[0]?.error}`,
    ].join('   ');
  }

  summary(): string {
    return `${this.#total} requests, ${this.#failed} failed`;
  }

  /** Share of each provider in the window, beside the share that its weight asks for. */
  #shares(): string[] {
    const answered = this.#samples.filter(({ provider }) => provider !== undefined);
    const weights = this.#plans.reduce((sum, { weight }) => sum + weight, 0);
    return this.#plans.map(({ name, weight }) => {
      const count = answered.filter(({ provider }) => provider === name).length;
      const share = answered.length === 0 ? 0 : (count / answered.length) * 100;
      return `${name} ${share.toFixed(1).padStart(4)} % of ${((weight / weights) * 100).toFixed(1)}`;
    });
  }
}
