import type { RunCommand } from './command.ts';

/** Runs a command as the CLI does, and keeps what it wrote. */
export const runOf =
  (command: RunCommand) =>
  async (...argv: string[]) => {
    const [lines, progress]: [string[], string[]] = [[], []];
    const exit = await command(
      { argv, env: {} },
      {
        signal: new AbortController().signal,
        stdout: (text) => lines.push(text),
        stderr: (text) => progress.push(text),
      },
    );
    return { exit, lines, progress };
  };
