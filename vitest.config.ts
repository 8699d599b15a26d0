import { defineConfig } from 'vitest/config';

/** Shared by every project: `vitest run --config ../../vitest.config.ts --root .` */
export default defineConfig({
  test: {
    include: ['**/*.spec.ts'],
    passWithNoTests: true,
    // Generous: they end tests that hang, and must not end those that a busy machine slows.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: '.weir/test-report.json' }]],
  },
});
