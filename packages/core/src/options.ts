import { InvalidOptionError } from './errors.ts';

/** The values a number option may take. Bounds are inclusive unless `above` is given. */
export interface NumberBounds {
  readonly min?: number;
  readonly max?: number;
  /** As `min`, but the bound itself is not allowed. */
  readonly above?: number;
  readonly integer?: boolean;
}

/** Returns `value`, or throws {@link InvalidOptionError} that names the option, its bounds and the value. */
export function checkNumber(option: string, value: unknown, bounds: NumberBounds = {}): number {
  const { min = -Infinity, max = Infinity, above = -Infinity, integer = false } = bounds;
  const fits =
    typeof value === 'number' &&
    value >= min &&
    value <= max &&
    (value > above || above === -Infinity) &&
    (!integer || Number.isInteger(value));
  if (!fits) throw new InvalidOptionError(option, describe(bounds), value);
  return value;
}

/** Returns `value`, or throws {@link InvalidOptionError} when it is not one of `allowed`. */
export function checkOneOf<T extends string>(option: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new InvalidOptionError(option, `one of ${allowed.join(', ')}`, value);
  return found;
}

/** Returns `value`, or throws {@link InvalidOptionError} when it is not a string with something in it. */
export function checkString(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new InvalidOptionError(option, 'a string that is not empty', value);
  return value;
}

function describe({ min, max, above, integer }: NumberBounds): string {
  const kind = integer === true ? 'an integer' : 'a number';
  if (min !== undefined && max !== undefined) return `${kind} from ${min} to ${max}`;
  if (above !== undefined && max !== undefined) return `${kind} above ${above} and at most ${max}`;
  if (min !== undefined) return `${kind} of at least ${min}`;
  if (above !== undefined) return `${kind} above ${above}`;
  return max === undefined ? kind : `${kind} of at most ${max}`;
}
