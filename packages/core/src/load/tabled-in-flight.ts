import { type LoadTable, TabledLoad } from './load-table.ts';

const nothing = {};

/** As `InFlight`, for pickers that compare: its count lies beside those of the others. */
export class TabledInFlight extends TabledLoad {
  readonly shared: object = nothing;

  override rankIn({ ints }: LoadTable, at: number, _now: number, weight: number): number {
    return ints[at]! / weight;
  }
}
