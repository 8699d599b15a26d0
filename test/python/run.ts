import { cannotRun, runSuite } from '../suite.ts';
import { preparePython, python } from './prepare.ts';

/**
 * `npm run test:python`: the Python client against a live cell. Needs python3 (3.10 or newer) with venv, and PyPI or a
 * mirror of it for grpcio; makes test/python/.venv once. Ends with `N passed, N failed`.
 */
const missing = preparePython();
if (missing) cannotRun(missing);
else runSuite(import.meta.dirname, 'python', { env: { WEIR_PYTHON: python } });
