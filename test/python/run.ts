import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestReport, summarise } from '../summary.ts';

/**
 * `npm run test:python`: the Python client against a live cell. Needs python3 (3.10 or newer) with venv, and PyPI or a
 * mirror of it for grpcio; makes test/python/.venv once. Ends with `N passed, N failed`.
 */
const here = import.meta.dirname;
const python = join(here, '.venv/bin/python');
const reportFile = join(here, '.weir/test-report.json');

rmSync(reportFile, { force: true });
const missing = prepare();
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

/** Brings the virtual environment up to requirements.txt; says what is missing, and how to get it, when it cannot. */
function prepare(): string | undefined {
  const run = (command: string, args: string[]) =>
    spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
  if (!run('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 10))']))
    return 'The Python client needs python3, 3.10 or newer: apt-get install python3 python3-venv';
  if (!existsSync(python) && !run('python3', ['-m', 'venv', join(here, '.venv')])) {
    rmSync(join(here, '.venv'), { recursive: true, force: true });
    return 'The Python client needs the venv module: apt-get install python3-venv';
  }
  const requirements = join(here, 'requirements.txt');
  if (!run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]))
    return `pip could not install ${requirements}: the Python client needs PyPI or a mirror of it`;
  return undefined;
}
