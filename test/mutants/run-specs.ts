import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageOf } from './mutant.ts';

/** `broken`: no spec failed, and yet the run did, e.g. because a file does not load. */
export type Verdict = 'passed' | 'failed' | 'timed out' | 'broken';

export interface FailedSpec {
  readonly name: string;
  readonly why: string;
}

/** How long specs may take before they count as hanging, ms. */
export interface Limits {
  readonly specMs: number;
  /** All of them together, for what spins and reaches no end of a spec. */
  readonly runMs: number;
}

/** Runs specs of one package in a sandbox until the first one fails. `slowestMs`: what the slowest of them took. */
export async function runSpecs(
  sandbox: string,
  specs: readonly string[],
  { specMs, runMs }: Limits,
  stop: AbortSignal,
): Promise<{ verdict: Verdict; failed: FailedSpec[]; slowestMs: number; output: string }> {
  const folder = join(sandbox, packageOf(specs[0]!));
  const reportFile = join(folder, '.weir/test-report.json');
  rmSync(reportFile, { force: true });
  const vitest = spawn(
    process.execPath,
    [
      join(sandbox, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--config', join(sandbox, 'test/mutants/vitest.config.ts'), '--root', folder, '--bail', '1'],
      ...['--testTimeout', String(specMs)],
      ...specs.map((spec) => join(sandbox, spec)),
    ],
    // A group of its own: a mutant that spins in a worker is ended with all of them.
    {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        CI: 'true',
        VITEST_MAX_WORKERS: '1',
        // A quarter less for each start of vitest.
        NODE_COMPILE_CACHE: join(sandbox, '.weir/compile-cache'),
      },
    },
  );
  const end = () => {
    try {
      process.kill(-vitest.pid!, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  };
  const output: string[] = [];
  for (const stream of [vitest.stdout, vitest.stderr])
    stream.on('data', (data: Buffer) => output.push(data.toString()));
  const deadline = AbortSignal.timeout(runMs);
  const ended = AbortSignal.any([deadline, stop]);
  ended.addEventListener('abort', end);
  const [code] = (await once(vitest, 'close')) as [number | null];
  ended.removeEventListener('abort', end);

  const results = resultsIn(reportFile);
  const failed = results
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({ name: fullName, why: failureMessages.join('\n') }));
  const verdict =
    code === 0 ? 'passed' : failed.length > 0 ? 'failed' : deadline.aborted ? 'timed out' : 'broken';
  const slowestMs = Math.max(0, ...results.map(({ duration }) => duration ?? 0));
  return { verdict, failed, slowestMs, output: output.join('') };
}

interface SpecResult {
  readonly status: string;
  readonly fullName: string;
  readonly failureMessages: readonly string[];
  /** ms; missing for what did not run. */
  readonly duration?: number | null;
}

/** One for each spec; none when the run has left no report. */
function resultsIn(reportFile: string): SpecResult[] {
  try {
    const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as {
      testResults: { assertionResults: SpecResult[] }[];
    };
    return testResults.flatMap(({ assertionResults }) => assertionResults);
  } catch {
    return [];
  }
}
