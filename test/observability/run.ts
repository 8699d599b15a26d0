import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { preparePython, python } from '../python/prepare.ts';
import { type TestReport, summarise } from '../summary.ts';
import { prepareJaeger, preparePrometheus } from './tools.ts';

/**
 * `npm run test:observability`: metrics against a real Prometheus, traces against a real Jaeger, both over a living
 * cell, and the benchmark of what observing costs. Without Prometheus it fails; without Jaeger or Python it leaves out what needs them, and says so. Ends with
 * `N passed, N failed`.
 */
const here = import.meta.dirname;
const reportFile = join(here, '.weir/test-report.json');

rmSync(reportFile, { force: true });
const missing = preparePrometheus();
if (missing) {
  console.error(missing);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const jaeger = prepareJaeger();
const noPython = preparePython();
if ('missing' in jaeger) console.error(`Traces are not tested against Jaeger: ${jaeger.missing}`);
else if (noPython) console.error(noPython);
const vitest = spawnSync(
  'vitest',
  ['run', '--config', 'vitest.config.ts', '--root', '.', ...process.argv.slice(2)],
  {
    cwd: here,
    stdio: 'inherit',
    env: {
      ...process.env,
      WEIR_JAEGER: 'binary' in jaeger ? jaeger.binary : '',
      WEIR_PYTHON: noPython ? '' : python,
    },
  },
);
const { passed, failed, notes } = summarise({
  tasks: [{ projectName: 'observability', target: 'test', status: vitest.status ?? 1 }],
  report: () =>
    existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined,
  nxFailed: false,
});
for (const note of notes) console.log(note);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
