import { spawnSync } from 'node:child_process';
import { cannotRun, runSuite } from '../suite.ts';
import { chromiumPath } from './browser.ts';

/**
 * `npm run test:console`: the console over a living cell and over a fleet of its own, in a real browser too. Needs Chromium; screenshots are kept in
 * test/console/.weir/screenshots. Ends with `N passed, N failed`.
 */
const missing = prepare();
if (missing) cannotRun(missing);
else runSuite(import.meta.dirname, 'console');

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
