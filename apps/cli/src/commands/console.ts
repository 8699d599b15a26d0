import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ConfigSource, type ConfigSpec, Exit } from '@weir/base';
import { z } from 'zod';
import type { CommandIo, RunCommand } from '../command.ts';

/** The console's own program checks and explains its flags; here is only where it runs. */
const spec: ConfigSpec<z.ZodRawShape> = {
  name: 'weir console',
  summary: 'Serves a web page over a living cell.',
  schema: z.object({}),
};

/** Runs the console until Ctrl-C, and says where its page is. */
async function run({ argv, env }: ConfigSource, { signal, stdout }: CommandIo): Promise<Exit> {
  const program = fileURLToPath(import.meta.resolve('@weir/console/main'));
  const child = fork(program, argv, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    // Blanking out the page's types is still called experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env: { ...env },
  });
  const stop = () => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const ended = once(child, 'close') as Promise<[number | null]>;
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = addressIn(line);
    stdout(address === undefined ? `${line}\n` : `console at http://${address}/\n`);
  }
  const [code] = await ended;
  if (signal.aborted) return Exit.interrupted;
  return code === Exit.done || code === Exit.usage ? code : Exit.failed;
}

function addressIn(line: string): string | undefined {
  try {
    return (JSON.parse(line) as { address?: string }).address;
  } catch {
    return undefined;
  }
}

export default Object.assign(run, { spec }) satisfies RunCommand;
