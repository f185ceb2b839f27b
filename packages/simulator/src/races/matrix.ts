/** All courses of a race in one table: a row a contender, a column a course, each cell the p99 as a multiple of the oracle's. */
import { textTable } from '../report/text-table.ts';
import type { CourseResult } from './race.ts';
import { raceRows } from './race-table.ts';

export function p99Matrix(courses: readonly CourseResult[]): string {
  const columns = courses.map((course) => ({ letter: course.course.slice(0, 1), rows: raceRows(course) }));
  const names = columns[0]?.rows.map(({ contender }) => contender) ?? [];
  const cells = names.map((name, index) => [
    name,
    ...columns.map(({ rows }) => {
      const ratio = rows[index]?.p99Ratio.mean ?? 0;
      return ratio > 20 ? '> 20' : ratio.toFixed(3);
    }),
  ]);
  const title = `${courses[0]?.race ?? ''}: p99 as a multiple of the oracle's`;
  return `${title}\n${textTable(['contender', ...columns.map(({ letter }) => letter)], cells)}`;
}
