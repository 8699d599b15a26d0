import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConfigSource, type ConfigSpec, Exit } from '@weir/base';
import { z } from 'zod';
import type { CommandIo, RunCommand } from '../command.ts';

/** Only starts the console's own program, which checks and explains its flags. */
const spec: ConfigSpec<z.ZodRawShape> = {
  name: 'weir console',
  summary: 'Serves a web page over a living cell.',
  schema: z.object({}),
};

/** Runs the console until Ctrl-C and prints its address. */
async function run({ argv, env }: ConfigSource, { signal, stdout }: CommandIo): Promise<Exit> {
  const program = fileURLToPath(import.meta.resolve('@weir/console/main'));
  const child = fork(program, argv, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Node still calls stripping the page's types experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...env },
  });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const ended = once(child, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout! })) {
    const url = urlIn(line);
    stdout(url === undefined ? `${line}\n` : `console at ${url}\n`);
  }
  const [code] = await ended;
  if (signal.aborted) return Exit.interrupted;
  return code === Exit.done || code === Exit.usage ? code : Exit.failed;
}

function urlIn(line: string): string | undefined {
  try {
    const { address, secure } = JSON.parse(line) as { address?: string; secure?: boolean };
    return address && `${secure ? 'https' : 'http'}://${address}/`;
  } catch {
    return undefined;
  }
}

export default Object.assign(run, { spec }) satisfies RunCommand;
