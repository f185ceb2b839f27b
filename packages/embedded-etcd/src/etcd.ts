import type { AuthStore, UserName } from './auth/auth-store.ts';
import type { Clock } from './clock.ts';
import { Consensus } from './consensus.ts';
import { Database } from './database.ts';
import { refusal } from './etcd-error.ts';
import { member } from './member.ts';

/** Who calls, as far as gRPC tells. */
export interface Caller {
  readonly token: string | undefined;
  /** Name in the client's certificate, when the server asks for one. */
  readonly certificateName: string | undefined;
  /** Whether the client would rather fail than hear from a member that has lost its leader. */
  readonly needsLeader: boolean;
}

/** What goes into every answer: who gave it, and at which revision. */
export interface ResponseHeader {
  readonly clusterId: string;
  readonly memberId: string;
  readonly revision: number;
  readonly raftTerm: number;
}

export interface EtcdSettings {
  readonly clock: Clock;
  readonly progressNotifyIntervalMs: number;
  readonly tokenTtlMs: number;
}

/** etcd's default limit of 1.5 MiB, less what it adds to a request before it measures. */
const maxRequestBytes = 1.5 * 1024 * 1024 - 18;

/** The server without its wire: data, the agreement on it, and who may ask for it. */
export class Etcd {
  readonly settings: EtcdSettings;
  readonly consensus: Consensus;
  /** Whether every watch is refused, whoever asks: a fault for tests. */
  watchesDenied = false;
  /** Addresses that clients may use, once the server listens. */
  clientUrls: readonly string[] = [];
  #database: Database;

  constructor(settings: EtcdSettings) {
    this.settings = settings;
    this.consensus = new Consensus(settings.clock);
    this.#database = new Database(settings.clock, settings.tokenTtlMs);
  }

  /** The data as it is now; another object after a wipe. */
  get database(): Database {
    return this.#database;
  }

  /** Whether it has a leader and no alarms. */
  get isHealthy(): boolean {
    return this.consensus.hasLeader && this.#database.alarms.list('None').length === 0;
  }

  /** `revision` defaults to the current one. */
  header(revision: number = this.#database.store.revision): ResponseHeader {
    const { clusterId, memberId } = member;
    return { clusterId, memberId, revision, raftTerm: this.consensus.term };
  }

  /** Whose call it is. A token is checked even while auth is disabled, as in etcd. */
  identify({ token, certificateName }: Caller): UserName {
    return token === undefined ? certificateName : this.#database.auth.userOf(token);
  }

  /** Answers from the newest state. `serializable` asks for what this member has, which needs no leader. */
  read<T>(caller: Caller, serializable: boolean, answer: (user: UserName) => T): T | Promise<T> {
    const identified = (): T => answer(this.identify(caller));
    return serializable ? identified() : this.consensus.confirm(identified);
  }

  /** Writes, once there is agreement. `bytes` is the size of the request. */
  propose<T>(caller: Caller, bytes: number, write: (user: UserName) => T): T | Promise<T> {
    const user = this.identify(caller);
    if (bytes > maxRequestBytes) throw refusal('requestTooLarge');
    return this.consensus.propose(() => write(user));
  }

  /** Writes to users and roles, which only root may do unless `allow` lets another. */
  manage<T>(
    caller: Caller,
    write: (auth: AuthStore) => T,
    allow: (auth: AuthStore, user: UserName) => void = (auth, user) => auth.requireRoot(user),
  ): T | Promise<T> {
    return this.propose(caller, 0, (user) => {
      const { auth } = this.#database;
      allow(auth, user);
      return write(auth);
    });
  }

  /** Loses everything but who it is: what is left when the data directory is deleted. */
  wipe(): void {
    this.close();
    this.consensus.reset();
    this.#database = new Database(this.settings.clock, this.settings.tokenTtlMs);
  }

  /** Stops its timers. */
  close(): void {
    this.consensus.close();
    this.#database.close();
  }
}
