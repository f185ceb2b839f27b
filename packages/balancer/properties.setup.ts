/** Sets how often properties run: 100 times, or `FC_RUNS` times. fast-check prints the seed of a run that fails. */
import fc from 'fast-check';

fc.configureGlobal({ numRuns: Number(process.env.FC_RUNS ?? 100) });
