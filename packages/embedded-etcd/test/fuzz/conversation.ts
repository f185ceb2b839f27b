/** A client that speaks to the services of one etcd, message by message, without a wire between them. */
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Metadata, type ServiceDefinition, status, type UntypedServiceImplementation } from '@grpc/grpc-js';

import { Etcd } from '../../src/etcd.ts';
import { clusterService } from '../../src/rpc/cluster-service.ts';
import { electionService } from '../../src/rpc/election-service.ts';
import { kvService } from '../../src/rpc/kv-service.ts';
import { leaseService } from '../../src/rpc/lease-service.ts';
import { lockService } from '../../src/rpc/lock-service.ts';
import { maintenanceService } from '../../src/rpc/maintenance-service.ts';
import { serviceDefinition, type ServiceName } from '../../src/rpc/protocol.ts';
import { watchService } from '../../src/rpc/watch-service.ts';

/** Not that of users: a password takes milliseconds, by design. */
const services: readonly (readonly [ServiceName, (etcd: Etcd) => UntypedServiceImplementation])[] = [
  ['KV', kvService],
  ['Lease', leaseService],
  ['Watch', watchService],
  ['Cluster', clusterService],
  ['Maintenance', maintenanceService],
  ['v3lockpb.Lock', lockService],
  ['v3electionpb.Election', electionService],
];

type Definition = ServiceDefinition[string];

const methods = services.flatMap(([name, serve]) =>
  Object.entries(serviceDefinition(name)).map(([method, definition]) => ({ service: name, serve, method, definition })),
);

/** What came of a message. */
export interface Heard {
  readonly method: string;
  /** `undefined` for a message that cannot be read, which gRPC itself answers. */
  readonly code: status | undefined;
  readonly details: string;
  /** In the header of the answer. */
  readonly revision: number | undefined;
}

/** Turns of the event loop in which an answer comes, or does not come before something else happens. */
const turnsToAnswer = 2;

export class Conversation {
  // Time stands still: what waits for it goes on waiting.
  readonly #etcd = new Etcd({
    clock: { now: () => 0, schedule: () => () => {} },
    progressNotifyIntervalMs: 1000,
    tokenTtlMs: 1000,
  });
  readonly #services = new Map(services.map(([name, serve]) => [name, serve(this.#etcd)]));
  readonly #calls: FakeCall[] = [];
  readonly #streams = new Map<string, FakeCall>();

  /** `which` names the method, counted around. */
  async say(which: number, message: Buffer): Promise<Heard> {
    const chosen = methods[which % methods.length];
    if (chosen === undefined) throw new RangeError('There are no methods');
    const { service, method, definition } = chosen;
    let request: object;
    try {
      request = definition.requestDeserialize(message);
    } catch {
      return { method, code: undefined, details: '', revision: undefined };
    }
    const handler: unknown = this.#services.get(service)?.[method];
    if (typeof handler !== 'function') return { method, code: status.UNIMPLEMENTED, details: '', revision: undefined };
    const call = this.#streams.get(method) ?? this.#open(definition, method, handler, request);
    if (definition.requestStream) call.emit('data', request);
    for (let left = turnsToAnswer; left > 0 && call.heard === undefined; left -= 1) {
      // oxlint-disable-next-line eslint/no-await-in-loop -- turns of the event loop come one after the other
      await turn();
    }
    const heard = call.heard ?? { code: status.OK, details: 'no answer yet', revision: undefined };
    call.heard = undefined;
    return { method, ...heard };
  }

  /** Goes away in the middle of everything. */
  close(): void {
    for (const call of this.#calls) {
      call.cancelled = true;
      call.emit('cancelled');
      call.emit('close');
    }
    this.#etcd.close();
  }

  // oxlint-disable-next-line typescript/no-unsafe-function-type -- gRPC's handlers are of any type
  #open(definition: Definition, method: string, handler: Function, request: object): FakeCall {
    const call = new FakeCall(definition, request);
    this.#calls.push(call);
    if (definition.requestStream) this.#streams.set(method, call);
    handler(call, (error: { code: status; details: string } | null, response: object) => {
      if (error === null) call.write(response);
      else call.heard = { ...error, revision: undefined };
    });
    return call;
  }
}

class FakeCall extends EventEmitter {
  readonly metadata = new Metadata();
  readonly request: object;
  readonly writableLength = 0;
  cancelled = false;
  heard: Omit<Heard, 'method'> | undefined;
  readonly #definition: Definition;

  constructor(definition: Definition, request: object) {
    super();
    this.#definition = definition;
    this.request = request;
    this.on('error', (error: { code: status; details: string }) => {
      this.heard = { ...error, revision: undefined };
    });
  }

  getAuthContext(): object {
    return {};
  }

  write(response: object): boolean {
    this.#definition.responseSerialize(response);
    const header = 'header' in response ? response.header : undefined;
    const revision =
      typeof header === 'object' && header !== null && 'revision' in header ? header.revision : undefined;
    this.heard = { code: status.OK, details: '', revision: revision === undefined ? undefined : Number(revision) };
    return true;
  }

  end(): void {}
}
