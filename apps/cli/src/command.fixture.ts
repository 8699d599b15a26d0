import type { RunCommand } from './command.ts';

/** Runs a command as the CLI does, and keeps what it wrote. `signal` @default never aborts */
export const runOf =
  (command: RunCommand, signal = new AbortController().signal) =>
  async (...argv: string[]) => {
    const [lines, progress]: [string[], string[]] = [[], []];
    const exit = await command(
      { argv, env: {} },
      {
        signal,
        stdout: (text) => lines.push(text),
        stderr: (text) => progress.push(text),
      },
    );
    return { exit, lines, progress };
  };
