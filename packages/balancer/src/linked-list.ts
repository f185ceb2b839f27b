/**
 * A list in order of arrival, from which anything can be taken out at once. O(1) for everything but going through it.
 *
 * A `Set` does the same, but each time that it has been filled and emptied it moves to a new table, and the old one keeps pointing to
 * the new. Once such a table is in the old generation of the heap, all later ones survive with it, with all that was in them: under load
 * that made each minor collection copy some tens of megabytes.
 */
export class LinkedList<T> implements Iterable<T> {
  #first: ListNode<T> | undefined;
  #last: ListNode<T> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): ListNode<T> | undefined {
    return this.#first;
  }

  add(value: T): ListNode<T> {
    const node: ListNode<T> = { value, previous: this.#last, next: undefined, listed: true };
    if (this.#last === undefined) this.#first = node;
    else this.#last.next = node;
    this.#last = node;
    this.#size += 1;
    return node;
  }

  /** Does nothing if it is out already. */
  remove(node: ListNode<T>): void {
    if (!node.listed) return;
    const { previous, next } = node;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    node.listed = false;
    node.previous = undefined;
    node.next = undefined;
    this.#size -= 1;
  }

  /** All as of now, whatever happens to the list meanwhile. */
  *[Symbol.iterator](): Generator<T, void> {
    const values: T[] = [];
    for (let node = this.#first; node !== undefined; node = node.next) values.push(node.value);
    yield* values;
  }
}

/** The place of a value in a list. Written by the list. */
export interface ListNode<T> {
  readonly value: T;
  previous: ListNode<T> | undefined;
  next: ListNode<T> | undefined;
  listed: boolean;
}
