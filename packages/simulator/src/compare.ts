import { run } from './run.ts';
import type { Scenario } from './scenario/scenario.ts';
import type { RunResult } from './stats/run-result.ts';
import { Simulation } from './engine/simulation.ts';

/** Points of the series in a comparison. */
const points = 60;

/** Runs a scenario with each of its policies; all meet the same arrivals and the same work. */
export function compare({ model, policies, seed }: Scenario): RunResult[] {
  return policies.map((policy) => run(model, policy, { seed, sampleMs: model.durationMs / points }));
}

/** As {@link compare}, pausing for others and telling how far it is, from 0 to 1. */
export async function compareWithProgress(scenario: Scenario, report: (share: number) => void): Promise<RunResult[]> {
  const { model, policies, seed } = scenario;
  const results: RunResult[] = [];
  for (const [index, policy] of policies.entries()) {
    const simulation = new Simulation(model, policy, { seed, sampleMs: model.durationMs / points });
    while (simulation.step(200_000)) {
      report((index + simulation.progress) / policies.length);
      // oxlint-disable-next-line eslint/no-await-in-loop -- one after the other, letting the process draw and hear signals
      await new Promise<void>((resolve) => void setImmediate(resolve));
    }
    results.push(simulation.result());
  }
  report(1);
  return results;
}
