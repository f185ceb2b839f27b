/** A version as three numbers; what stands behind them (`-beta.2`) makes it older than the same without. */
export interface Version {
  readonly numbers: readonly [number, number, number];
  readonly isPrerelease: boolean;
}

/** `undefined` for what is no exact version. */
export function versionOf(text: string): Version | undefined {
  const [, major, minor, patch, rest = ''] = /^(\d+)\.(\d+)\.(\d+)(-[\w.-]+)?(?:\+[\w.-]+)?$/.exec(text) ?? [];
  if (patch === undefined) return undefined;
  return { numbers: [Number(major), Number(minor), Number(patch)], isPrerelease: rest !== '' };
}

/** Below, at or above 0 as `one` is older than, as old as or newer than `other`. */
export function compareVersions(one: Version, other: Version): number {
  for (const index of [0, 1, 2] as const) {
    const difference = one.numbers[index] - other.numbers[index];
    if (difference !== 0) return difference;
  }
  return Number(other.isPrerelease) - Number(one.isPrerelease);
}
