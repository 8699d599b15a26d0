import { ConfigError, HelpRequested, nearest } from '@weir/base';
import type { CommandEntry } from './command.ts';

type Commands = Readonly<Record<string, CommandEntry>>;

/**
 * Finds the command that a command line names, and its remaining arguments. Throws HelpRequested for `weir`, `weir --help`
 * and `weir GROUP --help`, ConfigError with a suggestion for an unknown command.
 */
export function route(argv: readonly string[], commands: Commands): { entry: CommandEntry; argv: string[] } {
  const [first, second] = argv;
  if (first === undefined || first === '--help' || first === '-h' || first === 'help')
    throw new HelpRequested(overview(commands));
  const single = commands[first];
  if (single) return { entry: single, argv: argv.slice(1) };

  const group = Object.keys(commands).filter((name) => name.startsWith(`${first} `));
  if (group.length === 0) throw unknown(first, Object.keys(commands), 'weir');
  if (second === '--help' || second === '-h')
    throw new HelpRequested(`weir ${first}\n\n${list(commands, group)}`);
  const entry = commands[`${first} ${second}`];
  if (!entry) throw unknown(`${first} ${second ?? ''}`.trim(), group, `weir ${first}`);
  return { entry, argv: argv.slice(2) };
}

function overview(commands: Commands): string {
  return [
    'weir: decides where each inference of a device fleet runs (device, edge or cloud) and with which model variant.',
    '',
    'Usage: weir COMMAND [flags]',
    '',
    list(commands, Object.keys(commands)),
    '',
    'Start with:',
    '  weir up                     a whole cell on this machine, live, until Ctrl-C',
    '  weir up --requests 300      the same for 300 frames, with a summary',
    '  weir COMMAND --help         flags and examples of a command',
    '',
    'Every command with --json writes exactly one JSON document to stdout; logs and progress go to stderr.',
    'Exit codes: 0 done, 1 failed, 64 bad usage or configuration, 130 interrupted.',
  ].join('\n');
}

function list(commands: Commands, names: readonly string[]): string {
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${commands[name]!.summary}`).join('\n');
}

function unknown(given: string, names: readonly string[], program: string): ConfigError {
  const meant = nearest(given, names);
  const description = meant
    ? `unknown command; did you mean "weir ${meant}"?`
    : `unknown command; there are: ${names.join(', ')}`;
  return new ConfigError(program, [{ field: given, description }]);
}
