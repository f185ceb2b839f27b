import type { KeyValue } from './key-value.ts';
import type { Compare, CompareOperator, CompareTarget } from './operations.ts';
import type { View } from './store.ts';

/** Whether `compare` holds in `view`. */
export function holds(view: View, { range, target, operator }: Compare): boolean {
  const accepts = operators[operator];
  let found = false;
  for (const kv of view.scan(range)) {
    found = true;
    if (!accepts(order(kv, target))) return false;
  }
  // A key that is not there has zeros for numbers, and nothing that a value could be compared with.
  return found || (target.kind !== 'value' && accepts(order(undefined, target)));
}

/** From the order of what a key has and what it is compared with: below zero when what it has is the smaller. */
const operators: Readonly<Record<CompareOperator, (difference: number) => boolean>> = {
  equal: (difference) => difference === 0,
  notEqual: (difference) => difference !== 0,
  greater: (difference) => difference > 0,
  less: (difference) => difference < 0,
  any: () => true,
};

function order(kv: KeyValue | undefined, target: CompareTarget): number {
  switch (target.kind) {
    case 'version':
      return (kv?.version ?? 0) - target.number;
    case 'create':
      return (kv?.createRevision ?? 0) - target.number;
    case 'mod':
      return (kv?.modRevision ?? 0) - target.number;
    case 'lease':
      return Number(BigInt(kv?.lease ?? 0) - BigInt(target.lease));
    case 'value':
      return kv?.value.compare(target.value) ?? 0;
    case 'unknown':
      return 0;
    default:
      return target satisfies never;
  }
}
