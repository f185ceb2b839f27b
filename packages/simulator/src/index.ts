export { checkModel } from './check-model.ts';
export { type Distribution, meanMs, quantileFunction } from './chance/distribution.ts';
export { compare, compareWithProgress } from './compare.ts';
export type { Contender, ServerTruth, World } from './contender.ts';
export { type ContenderName, contenderNamed, contenders, isContenderName } from './contenders.ts';
export { Simulation, type SimulationOptions } from './engine/simulation.ts';
export { ScenarioError, StateError } from './errors.ts';
export type {
  Change,
  ClientsModel,
  CpuModel,
  LoadModel,
  Model,
  NetworkModel,
  RegistryModel,
  ServerModel,
} from './model.ts';
export { comparisonTable } from './report/comparison-table.ts';
export { htmlReport } from './report/html-report.ts';
export { run } from './run.ts';
export { type FromStateOptions, scenarioFromState } from './scenario/from-state.ts';
export { parseScenario, type Scenario } from './scenario/scenario.ts';
export { type Estimate, estimate } from './stats/confidence.ts';
export type { FailureCounts, LatencyResult, RunResult, Sample, ServerResult } from './stats/run-result.ts';
