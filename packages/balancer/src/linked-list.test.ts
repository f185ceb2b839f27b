import fc from 'fast-check';
import { expect, it } from 'vitest';

import { LinkedList, type ListNode } from './linked-list.ts';

it('keeps the order of arrival, whatever is taken out', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constant('add' as const), fc.nat(20))), (steps) => {
      const list = new LinkedList<number>();
      const nodes: ListNode<number>[] = [];
      let model: number[] = [];
      for (const step of steps) {
        if (step === 'add') {
          model.push(nodes.length);
          nodes.push(list.add(nodes.length));
        } else if (nodes[step] !== undefined) {
          // Taking it out twice is no harm.
          list.remove(nodes[step]);
          model = model.filter((value) => value !== step);
        }
        expect([...list]).toEqual(model);
        expect([list.size, list.first?.value]).toEqual([model.length, model[0]]);
      }
    }),
  );
});

it('goes through what was there, while things are taken out', () => {
  const list = new LinkedList<number>();
  const nodes = [1, 2, 3].map((value) => list.add(value));
  const seen: number[] = [];
  for (const value of list) {
    seen.push(value);
    for (const node of nodes) list.remove(node);
  }
  expect([seen, list.size]).toEqual([[1, 2, 3], 0]);
});
