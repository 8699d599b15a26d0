import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type TestReport, summarise } from '../summary.ts';
import { chromiumPath } from './browser.ts';

/**
 * `npm run test:console`: the console in a real browser over a living cell. Needs Chromium; screenshots are kept in
 * test/console/.weir/screenshots. Ends with `N passed, N failed`.
 */
const here = import.meta.dirname;
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
});
const { passed, failed, notes } = summarise({
  tasks: [{ projectName: 'console', target: 'test', status: vitest.status ?? 1 }],
  report: () =>
    existsSync(reportFile) ? (JSON.parse(readFileSync(reportFile, 'utf8')) as TestReport) : undefined,
  nxFailed: false,
});
for (const note of notes) console.log(note);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Where Chromium is missing it is installed in CI alone, by root and with apt; else says how to get it. */
function prepare(): string | undefined {
  if (chromiumPath() !== undefined) return undefined;
  const run = (...args: string[]) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (process.env.CI && process.getuid?.() === 0 && run('--version')) {
    run('update', '-qq');
    if (run('install', '-y', '-qq', '--no-install-recommends', 'chromium') && chromiumPath() !== undefined)
      return undefined;
  }
  return 'The console is tested in Chromium: apt-get install chromium, or name a browser in WEIR_CHROMIUM';
}
