/** The request was given to a balancer that is closing or closed. */
export class BalancerClosedError extends Error {
  override readonly name = 'BalancerClosedError';
  readonly code = 'ERR_BALANCER_CLOSED';
  readonly service: string;

  constructor(service: string) {
    super(`The balancer of "${service}" is closed`);
    this.service = service;
  }
}

/** The target of a request would leave the service: it must be a path that begins with one slash. */
export class InvalidTargetError extends TypeError {
  override readonly name = 'InvalidTargetError';
  readonly code = 'ERR_INVALID_TARGET';

  constructor(why: string) {
    super(`A request's target must be a path such as /hash?text=hello: ${why}`);
  }
}
