import { readFileSync } from 'node:fs';
import { runMain } from '@weir/base';
import type { CommandEntry } from './command.ts';
import { route } from './route.ts';

/** Runs the command that this process's arguments name, and exits as it says. */
export const runCommands = (commands: Readonly<Record<string, CommandEntry>>): Promise<never> =>
  runMain(async ({ signal }) => {
    const [first, ...others] = process.argv.slice(2);
    if (first === '--version') {
      const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
      process.stdout.write(`weir ${(JSON.parse(manifest) as { version: string }).version}\n`);
      return;
    }
    const { entry, argv } = route(first === undefined ? [] : [first, ...others], commands);
    return run(entry, argv, signal);
  });

/** Runs one command, with the arguments that are its own. */
export const runCommand = (entry: CommandEntry, argv: readonly string[]): Promise<never> =>
  runMain(({ signal }) => run(entry, argv, signal));

async function run(entry: CommandEntry, argv: readonly string[], signal: AbortSignal) {
  const { default: command } = await entry.load();
  return command(
    { argv, env: process.env },
    {
      signal,
      stdout: (text) => void process.stdout.write(text),
      stderr: (text) => void process.stderr.write(text),
    },
  );
}
