import { ManualClock } from '@lb/testkit';

import type { Clock } from '../../src/time/clock.ts';

/** A clock that tests move by hand, in the shape that this package asks of clocks. */
export class TestClock extends ManualClock implements Clock {
  setTimer(callback: () => void, delayMs: number): { cancel(): void; hold(alive: boolean): void } {
    return { cancel: this.schedule(callback, delayMs), hold: () => {} };
  }
}
