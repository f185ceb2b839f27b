import { InvalidOptionError } from '@lb/core';

import { InvalidValueError } from '../errors.ts';
import { isName, isRoot, readText } from '../validate.ts';
import { decodeOverride, type Override } from './override.ts';

/** Where in etcd overrides are. */
export interface OverrideKeysOptions {
  /** What the keys of all overrides begin with. No slash at either end. Defaults to `lb-overrides`. */
  readonly root?: string | undefined;
}

/** What the keys of all overrides begin with, without a slash at its end. Throws `InvalidOptionError`. */
export function overridesRoot({ root = 'lb-overrides' }: OverrideKeysOptions = {}): string {
  if (isRoot(root)) return root;
  throw new InvalidOptionError(
    'overrides.root',
    'path segments of letters, digits, dots, dashes and underscores',
    root,
  );
}

/** Where the overrides of one service are: `<root>/<service>/<id>`, the id percent-encoded, or `*` for all its endpoints. */
export class OverrideKeys {
  readonly prefix: string;

  /** Throws `InvalidOptionError`. */
  constructor(service: string, options?: OverrideKeysOptions) {
    this.prefix = `${overridesRoot(options)}/${service}/`;
  }

  /** The key for `target`, the id of an endpoint or `*`. */
  keyOf(target: string): string {
    return this.prefix + encodeURIComponent(target);
  }

  /** The target of a key that {@link read} took. */
  targetOf(key: string): string {
    return decodeURIComponent(key.slice(this.prefix.length));
  }

  /** What a key sets; `name` is the key without the prefix. Throws `InvalidValueError`. */
  read(name: string, value: Buffer): Override {
    const target = decode(name);
    // In one spelling only: two keys for one target would take turns.
    if (!isName(target) || encodeURIComponent(target) !== name)
      throw new InvalidValueError('its key names no endpoint');
    return decodeOverride(readText(value));
  }
}

function decode(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch (cause) {
    throw new InvalidValueError('its key names no endpoint', { cause });
  }
}
