import { defineConfig } from 'vitest/config';

/** Apart from `npm test`, which must pass where there is no browser. */
export default defineConfig({
  test: {
    include: ['*.test.ts'],
    // Generous: they end tests that hang, and must not end those that a busy machine slows.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    reporters: ['default', ['json', { outputFile: '.weir/test-report.json' }]],
  },
});
