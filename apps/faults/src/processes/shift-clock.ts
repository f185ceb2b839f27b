/** Sets the clock of this process, as somebody might set that of a machine: what the calendar says moves, what stopwatches say does not. */
let offsetMs = 0;

const RealDate = Date;

export function shiftClock(ms: number): void {
  offsetMs += ms;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args): Date =>
      args.length === 0 ? new target(target.now() + offsetMs) : Reflect.construct(target, args),
    get: (target, property): unknown =>
      property === 'now' ? () => target.now() + offsetMs : Reflect.get(target, property),
  });
}
