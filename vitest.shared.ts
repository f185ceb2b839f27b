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
      // Limits that only a hang reaches: a busy machine with few cores takes many times as long as an idle one.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      expect: { poll: { timeout: 60_000 } },
    },
  });
}
