import { defineConfig } from 'vitest/config';

/** Apart from `npm test`, which must pass where there is no NATS. */
export default defineConfig({
  test: {
    include: ['*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    reporters: ['default', ['json', { outputFile: '.weir/test-report.json' }]],
  },
});
