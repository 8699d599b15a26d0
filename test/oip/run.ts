import { join } from 'node:path';
import { preparePython, pythonOf } from '../python/prepare.ts';
import { cannotRun, runSuite } from '../suite.ts';

/**
 * `npm run test:oip`: Triton's and KServe's own Python clients against a live cell, and an agent against MLServer. Needs python3
 * (3.10 to 3.12, for MLServer) with venv, and PyPI or a mirror of it; makes test/oip/.venv and test/oip/mlserver/.venv once.
 * Ends with `N passed, N failed`.
 */
const folder = import.meta.dirname;
const servers = join(folder, 'mlserver');
const missing = preparePython(folder) ?? preparePython(servers);
if (missing) cannotRun(missing);
else
  runSuite(folder, 'oip', {
    env: { WEIR_PYTHON: pythonOf(folder), WEIR_MLSERVER_PYTHON: pythonOf(servers) },
  });
