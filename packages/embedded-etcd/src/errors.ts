/** The address to listen on is in use, most often by an etcd that is already running. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
  readonly code = 'ERR_PORT_TAKEN';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, options?: ErrorOptions) {
    super(`Port ${port} on ${host} is taken by another process`, options);
    this.host = host;
    this.port = port;
  }
}

/** The server cannot listen on the address, for another reason than its being in use: see `cause`. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'ERR_LISTEN';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, options: { readonly cause: Error }) {
    super(`Cannot listen on port ${port} of ${host}: ${options.cause.message}`, options);
    this.host = host;
    this.port = port;
  }
}

/** An option outside its bounds. Thrown when the option is given, never later. */
export class InvalidOptionError extends RangeError {
  override readonly name = 'InvalidOptionError';
  readonly code = 'ERR_INVALID_OPTION';
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, bound: string, value: unknown) {
    super(
      `Option "${option}" must be ${bound}, got ${typeof value === 'string' ? JSON.stringify(value) : String(value)}`,
    );
    this.option = option;
    this.value = value;
  }
}
