import { Cancelled, Unavailable } from '@weir/base';
import { type ChildProcess, fork, spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A server's process, ended when disposed of. */
export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly address: string;
  /** Of its Prometheus endpoint, when it says that it has one. */
  readonly metrics?: string | undefined;
}

/** A process that answers one message at a time. */
export interface Measurer<Ask, Told> extends AsyncDisposable {
  readonly ask: (turn: Ask) => Promise<Told>;
}

/** From SIGTERM to SIGKILL, ms. */
const graceMs = 5_000;

/** Starts a server that prints one JSON line with its `address`. Throws Unavailable with what it wrote to stderr. */
export async function startServer(
  command: string,
  argv: readonly string[],
  { name, signal, ...options }: SpawnOptions & { name: string; signal: AbortSignal },
): Promise<ServerProcess> {
  const child = spawn(command, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors = (errors + String(data)).slice(-2_000)));
  const lines = createInterface({ input: child.stdout });
  const ready = new Promise<{ address: string; metrics?: string }>((resolve, reject) => {
    const fail = (why: string) => reject(new Unavailable(`${name} did not start: ${why}`));
    lines.on('line', (line) => {
      if (line.startsWith('{"')) resolve(JSON.parse(line) as { address: string; metrics?: string });
    });
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`exit ${code}\n${errors}`));
    signal.addEventListener('abort', () => reject(new Cancelled('the benchmark was stopped')), {
      once: true,
    });
  });
  const stop = () => endProcess(child);
  try {
    return { ...(await ready), pid: child.pid!, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `script`: the file that it runs. */
export function startMeasurer<Ask extends object, Told>(
  script: URL,
  signal: AbortSignal,
): Measurer<Ask, Told> {
  const child = fork(fileURLToPath(script), { execArgv: [] });
  return {
    async ask(turn) {
      if (signal.aborted) throw new Cancelled('the benchmark was stopped');
      const over = new AbortController();
      const heard = once(child, 'message', { signal: AbortSignal.any([signal, over.signal]) });
      const died = once(child, 'exit', { signal: over.signal }).then(() => {
        throw new Unavailable(`${basename(fileURLToPath(script))} died`);
      });
      child.send(turn);
      try {
        const [told] = (await Promise.race([heard, died])) as [{ figures: Told } | { failure: string }];
        if ('failure' in told) throw new Unavailable(told.failure);
        return told.figures;
      } catch (error) {
        throw signal.aborted ? new Cancelled('the benchmark was stopped', { cause: error }) : error;
      } finally {
        over.abort();
        heard.catch(() => {});
        died.catch(() => {});
      }
    },
    [Symbol.asyncDispose]: () => endProcess(child),
  };
}

/** Ends a process, by force after a grace. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(kill);
}
