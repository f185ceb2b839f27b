/** A command line or a setting that makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'ERR_USAGE';
}

/** What was asked for cannot be had, for a reason that the message gives. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: 'ERR_NOT_FOUND' | 'ERR_CONSUMER';

  constructor(code: CommandError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
