import { performance } from 'node:perf_hooks';
import { ConfigError, HelpRequested } from './config.ts';

/** Exit codes of every Weir program. */
export const Exit = { done: 0, failed: 1, usage: 64, interrupted: 130 } as const;
export type Exit = (typeof Exit)[keyof typeof Exit];

/** A Ctrl-C reaches a program twice, from the terminal and from npm: signals within this time, ms, count as one. */
const sameSignalMs = 500;
/** How long a program may drain once the process that started it is gone. */
const orphanGraceMs = 10_000;

let killReason: string | undefined;

/**
 * From now on the process ends by SIGKILL (status 137) instead of `process.exit`, which would wait for a thread that does
 * not come back from native code. `reason` is written to stderr then.
 */
export function exitByKill(reason: string): void {
  killReason = reason;
}

function exit(code: Exit): never {
  if (killReason !== undefined) {
    process.stderr.write(`weir: killed: ${killReason}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  process.exit(code);
}

/**
 * Runs a program's `main` and exits with what it returns (default 0). SIGINT and SIGTERM abort `signal`, so that `main`
 * can drain; a second signal exits at once. So does the end of the process that started this one with an IPC channel:
 * nothing outlives its supervisor. A ConfigError exits with 64, any other error with 1, and so does output that cannot be
 * written (told, unless its reader has gone).
 */
export async function runMain(
  main: (context: { signal: AbortSignal }) => Promise<Exit | void>,
): Promise<never> {
  const stop = new AbortController();
  let stoppedAt = 0;
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (!stop.signal.aborted) stoppedAt = performance.now();
      else if (performance.now() - stoppedAt > sameSignalMs) exit(Exit.interrupted);
      stop.abort(name);
    });
  }
  process.once('disconnect', () => {
    stop.abort('the process that started this one is gone');
    setTimeout(() => exit(Exit.failed), orphanGraceMs).unref();
  });
  let unwritten: NodeJS.ErrnoException | undefined;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => void (unwritten ??= error));
  const exitWritten = async (code: Exit): Promise<never> => {
    await new Promise<void>((resolve) => void process.stdout.write('', () => resolve()));
    if (unwritten && unwritten.code !== 'EPIPE')
      process.stderr.write(`weir: the output could not be written: ${unwritten.message}\n`);
    return exit(unwritten ? Exit.failed : code);
  };
  try {
    return await exitWritten((await main({ signal: stop.signal })) ?? Exit.done);
  } catch (error) {
    if (error instanceof HelpRequested) {
      process.stdout.write(`${error.message}\n`);
      return await exitWritten(Exit.done);
    }
    const usage = error instanceof ConfigError;
    process.stderr.write(
      `${usage ? '' : 'weir: '}${error instanceof Error ? error.message : String(error)}\n`,
    );
    if (!usage && process.env.WEIR_LOG_LEVEL === 'debug') console.error(error);
    exit(usage ? Exit.usage : Exit.failed);
  }
}
