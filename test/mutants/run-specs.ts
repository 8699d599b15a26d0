import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { packageOf } from './mutant.ts';

/** A hanging mutant is noticed too; far above what the slowest specs take on a busy machine. */
const timeoutMs = 180_000;

/** `broken`: no spec failed, and yet the run did, e.g. because a file does not load. */
export type Verdict = 'passed' | 'failed' | 'timed out' | 'broken';

export interface FailedSpec {
  readonly name: string;
  readonly why: string;
}

/** Runs specs of one package in a sandbox until the first one fails. */
export async function runSpecs(
  sandbox: string,
  specs: readonly string[],
  stop: AbortSignal,
): Promise<{ verdict: Verdict; failed: FailedSpec[]; output: string }> {
  const folder = join(sandbox, packageOf(specs[0]!));
  const reportFile = join(folder, '.weir/test-report.json');
  rmSync(reportFile, { force: true });
  const vitest = spawn(
    process.execPath,
    [
      join(sandbox, 'node_modules/vitest/vitest.mjs'),
      ...['run', '--config', join(sandbox, 'test/mutants/vitest.config.ts'), '--root', folder, '--bail', '1'],
      ...specs.map((spec) => join(sandbox, spec)),
    ],
    // A group of its own: a mutant that spins in a worker is ended with all of them.
    {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CI: 'true', VITEST_MAX_WORKERS: '1' },
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
  const deadline = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([deadline, stop]);
  ended.addEventListener('abort', end);
  const [code] = (await once(vitest, 'close')) as [number | null];
  ended.removeEventListener('abort', end);

  const failed = failedSpecs(reportFile);
  const verdict =
    code === 0 ? 'passed' : failed.length > 0 ? 'failed' : deadline.aborted ? 'timed out' : 'broken';
  return { verdict, failed, output: output.join('') };
}

/** The failed specs, with why they failed; none when the run has left no report. */
function failedSpecs(reportFile: string): FailedSpec[] {
  try {
    const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as {
      testResults: { assertionResults: { status: string; fullName: string; failureMessages: string[] }[] }[];
    };
    return testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({ name: fullName, why: failureMessages.join('\n') }));
  } catch {
    return [];
  }
}
