/** No peer can take a request: none is known, or each one is excluded or full. */
export class NoEndpointError extends Error {
  override readonly name = 'NoEndpointError';
  readonly code = 'ERR_NO_ENDPOINT';
  readonly service: string;
  /** Registry revision that the decision was made at; -1 before the first snapshot. */
  readonly revision: number;
  readonly reason: NoEndpointReason;

  constructor(service: string, revision: number, reason: NoEndpointReason, options?: ErrorOptions) {
    super(
      `No endpoint of "${service}" can take a request: ${explain[reason]} (registry revision ${revision})`,
      options,
    );
    this.service = service;
    this.revision = revision;
    this.reason = reason;
  }
}

/** `empty`: none is registered; `excluded`: this request has ruled out each one that has room; `saturated`: all are full. */
export type NoEndpointReason = 'empty' | 'excluded' | 'saturated';

const explain: Readonly<Record<NoEndpointReason, string>> = {
  empty: 'none is known',
  excluded: 'every one with room is excluded',
  saturated: 'every one is at its limit of concurrent requests',
};

/** An option outside its bounds. Thrown when the option is given, never later. */
export class InvalidOptionError extends RangeError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ERR_INVALID_OPTION';
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, bound: string, value: unknown) {
    super(`Option "${option}" must be ${bound}, got ${print(value)}`);
    this.option = option;
    this.value = value;
  }
}

function print(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? Object.prototype.toString.call(value) : String(value);
}
