/** A scenario that makes no sense, or a file that is none. The message names the file, the line and the field. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly code = 'ERR_SCENARIO';
  /** Where in the file, such as `servers[1].slots`; empty when it is the file as a whole. */
  readonly path: string;
  /** From 1; undefined when it is not known. */
  readonly line: number | undefined;

  constructor(
    message: string,
    where: { readonly path?: string; readonly line?: number | undefined; readonly file?: string },
    options?: ErrorOptions,
  ) {
    const { path = '', line, file = 'scenario' } = where;
    super(`${file}${line === undefined ? '' : `:${line}`}: ${path === '' ? '' : `${path} `}${message}`, options);
    this.path = path;
    this.line = line;
  }
}

/** A state that no scenario can be made of. */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code = 'ERR_STATE';
}

/** A command line that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_USAGE';
}
