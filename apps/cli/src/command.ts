import type { z } from 'zod';
import { type ConfigSource, type ConfigSpec, Exit, loadConfig } from '@weir/base';

/** What a command runs with. */
export interface CommandContext {
  /** Aborts on Ctrl-C or SIGTERM: finish what must be finished, then return `Exit.interrupted`, or throw. */
  readonly signal: AbortSignal;
  /** The result for programs: with `--json` the only document on stdout, otherwise dropped. Throws when called twice. */
  readonly out: (document: object) => void;
  /** A line for people, on stdout; dropped with `--json`. */
  readonly print: (text: string) => void;
  /** Progress, a line each on stderr. */
  readonly progress: (text: string) => void;
}

/**
 * One command of the CLI: its flags and what it does. A command with a `json` flag calls `out` once.
 * Throws ConfigError for bad usage (exit 64); any other error exits with 1 and its message.
 */
export interface Command<Shape extends z.ZodRawShape> extends ConfigSpec<Shape> {
  run(config: Readonly<z.output<z.ZodObject<Shape>>>, context: CommandContext): Promise<Exit | void>;
}

/** A command, ready to be run from a command line. */
export interface RunCommand {
  (source: ConfigSource, io: CommandIo): Promise<Exit | void>;
  /** Its flags. */
  readonly spec: ConfigSpec<z.ZodRawShape>;
}

/** One command as `weir --help` lists it; its file is loaded only when the command runs. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<{ default: RunCommand }>;
}

/** Where a command's output goes. */
export interface CommandIo {
  readonly signal: AbortSignal;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Checks a command's types; every file in `commands/` exports one as default. */
export function defineCommand<Shape extends z.ZodRawShape>(command: Command<Shape>): RunCommand {
  const run = async (source: ConfigSource, { signal, stdout, stderr }: CommandIo) => {
    const config = loadConfig(command, source);
    const json = (config as { json?: unknown }).json === true;
    let documents = 0;
    // Whatever fails after Ctrl-C fails because of it.
    const interrupted = (error: unknown) => {
      if (!signal.aborted) throw error;
      return Exit.interrupted;
    };
    const context: CommandContext = {
      signal,
      out(document) {
        if (documents++ > 0) throw new Error(`${command.name} wrote a second JSON document`);
        if (json) stdout(`${JSON.stringify(document)}\n`);
      },
      print: (text) => (json ? undefined : stdout(`${text}\n`)),
      progress: (text) => stderr(`${text}\n`),
    };
    const exit = await command.run(config, context).catch(interrupted);
    if (json && documents === 0 && !exit) throw new Error(`${command.name} wrote no JSON document`);
    return exit;
  };
  return Object.assign(run, { spec: command });
}
