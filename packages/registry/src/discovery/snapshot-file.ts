/**
 * The last snapshot in a file, to start from when etcd cannot be reached.
 *
 * It decides where traffic goes as much as etcd does, so it is written for its owner alone and in one step, and believed as little:
 * each endpoint in it is checked like a value in etcd, and the whole is given out as unconfirmed.
 */
import { type Endpoint, InvalidOptionError, type Snapshot } from '@lb/core';
import { randomUUID } from 'node:crypto';
import { constants, open, rename, rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import process from 'node:process';

import { type Clock, sleep } from '../clock.ts';
import type { EndpointClaim } from '../codecs/codec.ts';
import { asError, InvalidValueError } from '../errors.ts';

export interface SnapshotFileOptions {
  readonly path: string;
  readonly service: string;
  readonly clock: Clock;
  /** Checks one endpoint. Throws `InvalidValueError`. */
  readonly check: (claim: EndpointClaim) => Endpoint;
  /** Told of an endpoint that may not be used. */
  readonly onInvalid: (error: InvalidValueError) => void;
  /** Told of a file that cannot be read or written. */
  readonly onFailure: (error: Error) => void;
}

/** How often it is written at most: turning 10 000 endpoints into text takes the event loop some 15 ms. */
const writeEveryMs = 5000;

/** Larger files are not ours: discovery takes 16 MiB of values. */
const maxFileBytes = 64 * 1024 * 1024;

export class SnapshotFile {
  readonly path: string;
  readonly #options: SnapshotFileOptions;
  readonly #closing = new AbortController();
  #pending: Snapshot | undefined;
  #writing: Promise<void> | undefined;

  /** Throws `InvalidOptionError`. */
  constructor(options: SnapshotFileOptions) {
    if (typeof options.path !== 'string' || !isAbsolute(options.path)) {
      // A relative one would depend on where the process happens to be started.
      throw new InvalidOptionError('snapshotFile', 'an absolute path', options.path);
    }
    this.path = options.path;
    this.#options = options;
  }

  /** What was last saved; `undefined` when there is no such file, or none that may be used. Never rejects. */
  async load(): Promise<Snapshot | undefined> {
    try {
      return this.#parse(await readPrivateFile(this.path));
    } catch (error) {
      const failure = asError(error);
      if (!('code' in failure) || failure.code !== 'ENOENT') this.#options.onFailure(failure);
      return undefined;
    }
  }

  /** Saves `snapshot` soon, unless a newer one comes before. */
  save(snapshot: Snapshot): void {
    this.#pending = snapshot;
    this.#writing ??= this.#write();
  }

  /** Writes what is still to be written. Never rejects. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#pending !== undefined) {
      const { revision, endpoints } = this.#pending;
      this.#pending = undefined;
      const { service, clock } = this.#options;
      await replaceFile(this.path, JSON.stringify({ v: 1, service, revision, endpoints })).catch((error: unknown) =>
        this.#options.onFailure(asError(error)),
      );
      await sleep(clock, writeEveryMs, this.#closing.signal);
    }
    this.#writing = undefined;
  }

  #parse(text: string): Snapshot {
    const read: unknown = JSON.parse(text);
    const { v, service, revision, endpoints } = Object(read);
    if (v !== 1 || service !== this.#options.service || !Number.isSafeInteger(revision) || !Array.isArray(endpoints)) {
      throw new InvalidValueError(`${this.path} is no snapshot of "${this.#options.service}"`);
    }
    const checked = endpoints.map((claim) => this.#check(claim)).filter((endpoint) => endpoint !== undefined);
    return Object.freeze({ revision, endpoints: Object.freeze(checked), unconfirmed: true });
  }

  #check(claim: unknown): Endpoint | undefined {
    try {
      return this.#options.check(Object(claim));
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      this.#options.onInvalid(error);
      return undefined;
    }
  }
}

async function readPrivateFile(path: string): Promise<string> {
  // Without O_NONBLOCK opening a pipe waits for whoever writes to it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = await file.stat();
    const { mode, size, uid } = stat;
    if (!stat.isFile()) throw new Error(`${path} is not a regular file`);
    // Whoever owns a file may write it, whatever its mode is now. Windows tells no owner.
    if (uid !== (process.getuid?.() ?? uid)) throw new Error(`${path} is owned by another user (${uid})`);
    if ((mode & 0o022) !== 0) throw new Error(`${path} can be written by others (mode ${(mode & 0o777).toString(8)})`);
    if (size > maxFileBytes) throw new Error(`${path} is larger than ${maxFileBytes} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Puts `text` in place of the file: whoever reads it sees the old text or the new one. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      // Without this a power failure after the rename can leave an empty file.
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
