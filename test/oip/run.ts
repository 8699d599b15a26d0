import { preparePython, pythonOf } from '../python/prepare.ts';
import { cannotRun, runSuite } from '../suite.ts';

/**
 * `npm run test:oip`: Triton's and KServe's own Python clients against a live cell. Needs python3 (3.10 or newer) with venv,
 * and PyPI or a mirror of it; makes test/oip/.venv once. Ends with `N passed, N failed`.
 */
const folder = import.meta.dirname;
const missing = preparePython(folder);
if (missing) cannotRun(missing);
else runSuite(folder, 'oip', { env: { WEIR_PYTHON: pythonOf(folder) } });
