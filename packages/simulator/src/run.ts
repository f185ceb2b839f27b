import type { Contender } from './contender.ts';
import { Simulation, type SimulationOptions } from './engine/simulation.ts';
import type { Model } from './model.ts';
import type { RunResult } from './stats/run-result.ts';

/** Runs `model` with `contender` to its end. The same arguments give the same result. @throws {InvalidOptionError} for a bad model. */
export function run(model: Model, contender: Contender, options: SimulationOptions): RunResult {
  const simulation = new Simulation(model, contender, options);
  while (simulation.step(1_000_000));
  return simulation.result();
}
