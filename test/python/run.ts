import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestReport, summarise } from '../summary.ts';
import { preparePython, python } from './prepare.ts';

/**
 * `npm run test:python`: the Python client against a live cell. Needs python3 (3.10 or newer) with venv, and PyPI or a
 * mirror of it for grpcio; makes test/python/.venv once. Ends with `N passed, N failed`.
 */
const here = import.meta.dirname;
const reportFile = join(here, '.weir/test-report.json');

rmSync(reportFile, { force: true });
const missing = preparePython();
if (missing) {
  console.error(missing);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const vitest = spawnSync('vitest', ['run', '--config', 'vitest.config.ts', '--root', '.'], {
  cwd: here,
  stdio: 'inherit',
  env: { ...process.env, WEIR_PYTHON: python },
});
const { passed, failed, notes } = summarise({
  tasks: [{ projectName: 'python', target: 'test', status: vitest.status ?? 1 }],
  report: () =>
    existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined,
  nxFailed: false,
});
for (const note of notes) console.log(note);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
