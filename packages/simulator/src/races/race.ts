/**
 * A race: one or more courses, each a model that a few contenders meet under the same seeds, and the table that comes of it.
 */
import type { Contender } from '../contender.ts';
import type { Model } from '../model.ts';
import { run } from '../run.ts';
import type { RunResult } from '../stats/run-result.ts';

export interface Race {
  readonly name: string;
  /** What it is about, in a line or two. */
  readonly about: string;
  readonly courses: readonly Course[];
  /** Whether a table of all courses sums it up. */
  readonly summed?: boolean;
  /** Independent runs of each course with each contender. */
  readonly runs: number;
}

export interface Course {
  readonly name: string;
  /** The seed matters where the course itself is drawn by chance. */
  readonly model: (seed: number) => Model;
  readonly contenders: readonly Contender[];
  /** Successes a second that no policy can pass. Without it the central queue is the bound. */
  readonly boundPerSecond?: number;
  /** Name of the contender that the others are measured against. */
  readonly against: string;
}

export interface CourseResult {
  readonly race: string;
  readonly course: string;
  readonly boundPerSecond: number | undefined;
  readonly against: string;
  /** By contender, in the order of the course, one result for each seed. */
  readonly results: readonly { readonly contender: string; readonly runs: readonly RunResult[] }[];
}

/** Runs a race; `report` is called after each run with the share that is done. */
export function runRace(race: Race, seed: number, report: (share: number) => void = () => {}): CourseResult[] {
  const total = race.courses.reduce((sum, { contenders }) => sum + contenders.length, 0) * race.runs;
  let done = 0;
  return race.courses.map((course) => ({
    race: race.name,
    course: course.name,
    boundPerSecond: course.boundPerSecond,
    against: course.against,
    results: course.contenders.map((contender) => ({
      contender: contender.name,
      runs: Array.from({ length: race.runs }, (_, index) => {
        const result = run(course.model(seed + index), contender, { seed: seed + index });
        done += 1;
        report(done / total);
        return result;
      }),
    })),
  }));
}
