import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { freePort } from '../../support/free-port.ts';

/** A server that the tests use and did not write, for as long as it is in scope. */
export interface Tool extends AsyncDisposable {
  /** What it said, for the message of a test that fails. */
  readonly log: readonly string[];
}

/** Starts a server and resolves when a line of its log says that it is ready. Throws with its log when it ends first. */
export async function startTool(
  command: string,
  args: readonly string[],
  { ready, env = {}, cwd }: { ready: RegExp; env?: Record<string, string>; cwd?: string },
): Promise<Tool> {
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    cwd,
  });
  const log: string[] = [];
  const ended = once(child, 'exit').catch((error: unknown) => [error]);
  const dispose = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const isReady = new Promise<'ready'>((resolve) => {
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        log.push(line);
        if (ready.test(line)) resolve('ready');
      });
  });
  const first = await Promise.race([isReady, ended]);
  if (first !== 'ready')
    throw new Error(`${command} ended (${String(first[0])}):\n${log.slice(-20).join('\n')}`);
  return { log, [Symbol.asyncDispose]: dispose };
}

/** HOST:PORT that is free now. */
export const freeAddress = async (): Promise<string> => `127.0.0.1:${await freePort()}`;
