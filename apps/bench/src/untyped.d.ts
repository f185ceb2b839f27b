/** The parts used here of two packages that come without types. */
declare module 'hashring' {
  class HashRing {
    constructor(servers: Readonly<Record<string, number>> | readonly string[]);
    get(key: string): string | undefined;
  }
  export = HashRing;
}

declare module 'consistent-hash' {
  class ConsistentHash {
    constructor(options?: { readonly range?: number });
    add(node: string, points?: number): this;
    get(key: string): string | null;
  }
  export = ConsistentHash;
}
