/** What a row of the fault matrix is: a fault, what is promised under it, and how to do the one and measure the other. */
import type { Need } from './needs.ts';
import type { Stage } from './stage.ts';

export interface Row {
  /** Group and name, such as `provider/killed`. */
  readonly name: string;
  readonly fault: string;
  /** In words, with its figures. */
  readonly promise: string;
  /** What the machine must have. Defaults to nothing: such a row runs everywhere. */
  readonly needs?: readonly Need[];
  /** Whether it is part of the quick subset. */
  readonly quick?: true;
  /** Does it, and returns what was measured. What the stage started is stopped by whoever calls this. */
  run(stage: Stage): Promise<readonly Finding[]>;
}

/** A figure, and the bound that the promise sets for it. */
export interface Finding {
  readonly figure: string;
  readonly value: number;
  readonly unit: 'ms' | '';
  readonly most?: number;
  readonly least?: number;
  /** More than the number says, such as the kinds of failures. */
  readonly detail?: string;
}

/** A count or a ratio that must not be larger. */
export function most(figure: string, bound: number, value: number, detail?: string): Finding {
  return { figure, value, unit: '', most: bound, ...(detail !== undefined && detail !== '' && { detail }) };
}

/** A count or a ratio that must not be smaller. */
export function least(figure: string, bound: number, value: number): Finding {
  return { figure, value, unit: '', least: bound };
}

/** A time that must not be longer. Where the machine is shared it may be given headroom; nothing else is. */
export function within(figure: string, boundMs: number, ms: number): Finding {
  return { figure, value: ms, unit: 'ms', most: boundMs };
}

/** What is worth knowing, and promised by nobody. */
export function note(figure: string, value: number, unit: Finding['unit'] = ''): Finding {
  return { figure, value, unit };
}

/** Whether a finding keeps the promise, with times `headroom` times as long as promised. What was not measured keeps nothing. */
export function isKept({ value, unit, most: upper, least: lower }: Finding, headroom: number): boolean {
  if (upper === undefined && lower === undefined) return true;
  const allowed = unit === 'ms' ? headroom : 1;
  return (upper === undefined || value <= upper * allowed) && (lower === undefined || value >= lower);
}
