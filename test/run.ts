import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TaskResult, type TestReport, summarise } from './summary.ts';

/**
 * `npm test`: every project's specs and the checks of the whole repository (lint, types, format, contracts), each an nx
 * target, so that what has not changed is not run again. Ends with one line: `N passed, N failed`. Specs of time run
 * alone (`parallelism: false` in their package.json), then the scenarios, four at once. Arguments go to nx, e.g.
 * `--skipNxCache`.
 */
const checks = ['lint', 'types', 'format:check', 'proto:check'];
// One more than processors: specs of processes wait much of their time.
const parallel = Math.min(4, availableParallelism() + 1);
const root = dirname(import.meta.dirname);
const runFile = join(root, '.nx/cache/run.json');

const folders = folderOfProjects();
const reportOf = (project: string) => join(root, folders.get(project) ?? '', '.weir/test-report.json');

// What an earlier run left must not be taken for this one's; nx brings back the reports of cached runs.
rmSync(runFile, { force: true });
for (const project of folders.keys()) rmSync(reportOf(project), { force: true });

// Some specs kill processes, which then leave their temporary folders behind.
const temporary = mkdtempSync(join(tmpdir(), 'weir-test-'));
process.once('exit', () => {
  try {
    rmSync(temporary, { recursive: true, force: true });
  } catch (error) {
    // A process that has not ended yet writes there.
    console.error(`${temporary} is left behind: ${(error as Error).message}`);
  }
});

const nx = spawn(
  process.execPath,
  [
    join(root, 'node_modules/.bin/nx'),
    'run-many',
    `--targets=${[...checks, 'test'].join(',')}`,
    `--parallel=${parallel}`,
    '--nxBail=false',
    '--outputStyle=static',
    ...process.argv.slice(2),
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      TMPDIR: temporary,
      NX_DAEMON: 'false',
      NX_TUI: 'false',
      // Scenarios start hundreds of processes of the same sources: halves the start of each.
      NODE_COMPILE_CACHE: join(root, '.weir/compile-cache'),
      // As many processes as processors, not their square.
      VITEST_MAX_WORKERS: '1',
      NX_CACHE_DIRECTORY: dirname(runFile),
    },
  },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => nx.kill(signal));
const [code] = (await once(nx, 'exit')) as [number | null];

const { passed, failed, notes } = summarise({ tasks: readTasks(), report: readReport, nxFailed: code !== 0 });
for (const note of notes) console.log(note);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

/** Nothing when nx did not get as far as running. */
function readTasks(): TaskResult[] {
  try {
    return (JSON.parse(readFileSync(runFile, 'utf8')) as { tasks: TaskResult[] }).tasks;
  } catch {
    return [];
  }
}

function readReport(project: string): TestReport | undefined {
  try {
    return JSON.parse(readFileSync(reportOf(project), 'utf8')) as TestReport;
  } catch {
    return undefined;
  }
}

/** Folder of each workspace package, by its name, as npm knows them. */
function folderOfProjects(): Map<string, string> {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { link?: boolean; resolved?: string }>;
  };
  return new Map(
    Object.entries(lock.packages)
      .filter(([, entry]) => entry.link)
      .map(([path, entry]) => [path.slice('node_modules/'.length), entry.resolved!]),
  );
}
