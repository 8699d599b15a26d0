import { defineConfig } from 'vitest/config';

/** Shared by every project: `vitest run --config ../../vitest.config.ts --root .` */
export default defineConfig({
  test: {
    include: ['**/*.spec.ts'],
    passWithNoTests: true,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: '.weir/test-report.json' }]],
  },
});
