import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import shared from '../../vitest.config.ts';

/** Of the specs that run over a mutant, in a sandbox. */
export default mergeConfig(
  shared,
  defineConfig({
    test: {
      setupFiles: [fileURLToPath(new URL('no-shrinking.ts', import.meta.url))],
    },
  }),
);
