/** The oldest version of a package that may be in the lockfile, for each major version in use, and the advisory that says so. */
export interface Floor {
  readonly name: string;
  /** In each major version that has one; a major version older than all of them may not be used at all. */
  readonly from: readonly string[];
  readonly because: string;
}

/**
 * Known advisories for what runs in production here. Whoever reads of another adds it; that the lockfile is above all of them is
 * part of `pnpm check`. `pnpm audit`, where a registry offers it, is the wider net.
 */
export const floors: readonly Floor[] = [
  {
    name: 'undici',
    from: ['7.24.0', '8.0.0'],
    because: 'CVE-2026-1525 (two Content-Length headers), CVE-2026-22036 (endless decompression)',
  },
  {
    name: 'fastify',
    from: ['5.8.3'],
    because: 'CVE-2026-3635 (forwarded host and protocol believed from anybody), CVE-2026-3419 (content type)',
  },
  { name: '@fastify/static', from: ['9.1.1'], because: 'CVE-2026-6414 (%2F read in two ways)' },
  {
    name: 'fast-uri',
    from: ['3.1.3', '4.0.1'],
    because: 'CVE-2026-6321 and CVE-2026-6322 (encoded dots and delimiters), CVE-2026-13676 (Unicode hosts)',
  },
  {
    name: 'protobufjs',
    from: ['7.5.6', '8.0.2'],
    because: 'CVE-2026-41242 and CVE-2026-44291 (code from a schema), and four ways to exhaust it',
  },
  { name: '@grpc/grpc-js', from: ['1.10.9'], because: 'CVE-2024-37168 (memory for messages over the limit)' },
  { name: 'cookie', from: ['0.7.0', '1.0.0', '2.0.0'], because: 'CVE-2024-47764 (fields out of bounds)' },
  { name: 'yaml', from: ['2.2.2'], because: 'CVE-2023-2251 (uncaught exception)' },
];
