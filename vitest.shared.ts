import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** `unit` runs beside the sources; `integration` is the folder `test/`: real processes, sockets and etcd. */
export function shared(kind: 'unit' | 'integration'): ViteUserConfig {
  const conditions = ['@lb/source', 'module', 'node', 'development|production'];
  return defineConfig({
    // Workspace packages resolve to their sources, so no test waits for a build.
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name: kind,
      include: [kind === 'unit' ? 'src/**/*.test.ts' : 'test/**/*.test.ts'],
      reporters: ['default', 'json'],
      outputFile: { json: `.vitest/${kind}.json` },
      ...(kind === 'integration' && { testTimeout: 30_000, hookTimeout: 30_000 }),
    },
  });
}
