import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestReport, summarise } from './summary.ts';

/** Runs the tests of a folder that has a `vitest.config.ts` of its own; ends the output with `N passed, N failed`. */
export function runSuite(
  folder: string,
  name: string,
  { env = {}, argv = [] }: { env?: Record<string, string>; argv?: readonly string[] } = {},
): void {
  const reportFile = join(folder, '.weir/test-report.json');
  rmSync(reportFile, { force: true });
  const vitest = spawnSync('vitest', ['run', '--config', 'vitest.config.ts', '--root', '.', ...argv], {
    cwd: folder,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  const { passed, failed, notes } = summarise({
    tasks: [{ projectName: name, target: 'test', status: vitest.status ?? 1 }],
    report: () =>
      existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined,
    nxFailed: false,
  });
  for (const note of notes) console.log(note);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
}

/** What cannot be tested here, and how to change that. */
export function cannotRun(missing: string): void {
  console.error(missing);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
