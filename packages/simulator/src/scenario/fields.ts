/**
 * Reads a value that came from a file, field by field: each has to be of its kind, and none may be left over, so that a misspelt field is
 * an error and not a default.
 */
export type Path = readonly (string | number)[];

/** Something is wrong at a path; becomes a `ScenarioError` where file and lines are known. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
  readonly path: Path;

  constructor(path: Path, message: string) {
    super(message);
    this.path = path;
  }
}

/** Turns a value into what is wanted, or throws {@link FieldError}. */
export type Reader<T> = (value: unknown, path: Path) => T;

export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: Path;
  readonly #known = new Set<string>();

  constructor(value: unknown, path: Path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new FieldError(path, `must be a set of fields, got ${print(value)}`);
    }
    this.#values = Object.fromEntries(Object.entries(value));
    this.#path = path;
  }

  has(name: string): boolean {
    this.#known.add(name);
    return this.#values[name] !== undefined && this.#values[name] !== null;
  }

  required<T>(name: string, read: Reader<T>): T {
    if (!this.has(name)) throw new FieldError(this.#path, `has no "${name}", which is required`);
    return read(this.#values[name], [...this.#path, name]);
  }

  optional<T>(name: string, read: Reader<T>): T | undefined {
    return this.has(name) ? read(this.#values[name], [...this.#path, name]) : undefined;
  }

  /** As an object with the field in it, or without: what `exactOptionalPropertyTypes` asks for. */
  maybe<K extends string, T>(name: string, as: K, read: Reader<T>): { readonly [key in K]?: T } {
    const value = this.optional(name, read);
    if (value === undefined) return {};
    const entry: { [key in K]?: T } = {};
    entry[as] = value;
    return entry;
  }

  /** Reads the one field that there must be of `readers`, by its name. */
  oneOf<T>(readers: Readonly<Record<string, Reader<T>>>): T {
    const names = Object.keys(readers);
    const given = names.filter((name) => this.has(name));
    const [name] = given;
    const read = name === undefined ? undefined : readers[name];
    if (name === undefined || read === undefined || given.length > 1) {
      const got = given.length === 0 ? 'none' : given.join(' and ');
      throw new FieldError(this.#path, `must have one of ${names.join(', ')}, got ${got}`);
    }
    return this.required(name, read);
  }

  /** To be called when all has been read. */
  end(): void {
    for (const name of Object.keys(this.#values)) {
      if (this.#known.has(name)) continue;
      const near = nearest(name, [...this.#known]);
      const hint = near === undefined ? `known are ${[...this.#known].join(', ')}` : `did you mean "${near}"?`;
      throw new FieldError([...this.#path, name], `is not known; ${hint}`);
    }
  }
}

export const text: Reader<string> = (value, path) => {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string' || value === '') throw new FieldError(path, `must be a text, got ${print(value)}`);
  return value;
};

export const number: Reader<number> = (value, path) => {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new FieldError(path, `must be a number, got ${print(value)}`);
  return value;
};

export const yes: Reader<true> = (value, path) => {
  if (value !== true) throw new FieldError(path, `must be true, or left out, got ${print(value)}`);
  return value;
};

/** A number of milliseconds, or a number with a unit: `250us`, `50ms`, `1.5s`, `2m`, `1h`. */
export const duration: Reader<number> = (value, path) => {
  if (typeof value === 'number' && value >= 0) return value;
  const found = typeof value === 'string' ? /^(\d+(?:\.\d+)?)\s*(us|ms|s|m|h)$/.exec(value) : null;
  const unit = found?.[2];
  if (unit === undefined)
    throw new FieldError(path, `must be a time such as 250us, 50ms, 1.5s or 2m, got ${print(value)}`);
  return Number(found?.[1]) * (millisecondsOf[unit] ?? 1);
};

const millisecondsOf: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

export function list<T>(read: Reader<T>): Reader<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw new FieldError(path, `must be a list, got ${print(value)}`);
    return value.map((item: unknown, index) => read(item, [...path, index]));
  };
}

function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'a set of fields' : String(value);
}

/** The name that is two letters off at the most. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const [best] = names
    .map((candidate) => ({ candidate, off: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ off }) => off <= 2)
    .toSorted((a, b) => a.off - b.off);
  return best?.candidate;
}

/** How many letters to put in, take out or change (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
