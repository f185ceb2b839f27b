import { refusal } from './etcd-error.ts';

/** A number is a type that the protocol file does not name: it can be raised like any other. */
export type AlarmType = 'None' | 'Nospace' | 'Corrupt' | number;

export interface Alarm {
  readonly memberId: string;
  readonly type: AlarmType;
}

/**
 * Alarms that are raised. Nothing raises one here but a request to do so, yet from then on it bites as in etcd: without space
 * nothing can be added, and of a corrupt cluster nothing can be had at all.
 */
export class Alarms {
  readonly #raised = new Map<string, Alarm>();

  raise(alarm: Alarm): void {
    this.#raised.set(nameOf(alarm), alarm);
  }

  /** Ends an alarm; false when it was not raised. */
  clear(alarm: Alarm): boolean {
    return this.#raised.delete(nameOf(alarm));
  }

  /** Alarms of a type; of type `None` all. */
  list(type: AlarmType): readonly Alarm[] {
    return [...this.#raised.values()].filter((alarm) => type === 'None' || alarm.type === type);
  }

  /** Refuses every use of keys and leases while the cluster is corrupt. */
  refuseCorrupt(): void {
    if (this.list('Corrupt').length > 0) throw refusal('corrupt');
  }

  /** Refuses what would add data while there is no space. */
  refuseGrowth(): void {
    this.refuseCorrupt();
    if (this.list('Nospace').length > 0) throw refusal('noSpace');
  }
}

function nameOf({ memberId, type }: Alarm): string {
  return `${memberId} ${type}`;
}
