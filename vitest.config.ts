import { defineConfig } from 'vitest/config';

/** Shared by every project: `vitest run --config ../../vitest.config.ts --root .` */
export default defineConfig({
  test: {
    include: ['**/*.spec.ts'],
    passWithNoTests: true,
    // Specs of a package share its modules: two to four times quicker. What a spec sets for its process it puts back.
    isolate: false,
    // Generous: they end tests that hang, and must not end those that a busy machine slows.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: '.weir/test-report.json' }]],
  },
});
