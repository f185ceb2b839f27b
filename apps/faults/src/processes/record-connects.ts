/** Remembers every address that this process has tried to connect to. Loaded before anything that keeps `connect` for itself. */
import { Socket } from 'node:net';

const tried = new Set<string>();

/** Hosts and ports, as they were asked for. */
export function connectsTried(): readonly string[] {
  return [...tried];
}

const connect: unknown = Reflect.get(Socket.prototype, 'connect');

Reflect.set(Socket.prototype, 'connect', function record(this: Socket, ...args: unknown[]): unknown {
  // Within Node the arguments come as one array that has been put in order already.
  const [first]: unknown[] = Array.isArray(args[0]) ? args[0] : args;
  const field = (name: string): string => inWords(Reflect.get(Object(first), name));
  tried.add(field('path') || `${field('host') || 'localhost'}:${field('port')}`);
  return typeof connect === 'function' ? Reflect.apply(connect, this, args) : this;
});

function inWords(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
