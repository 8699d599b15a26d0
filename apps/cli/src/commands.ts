import type { RunCommand } from './command.ts';

/** One command of the CLI as `weir --help` lists it; its file is loaded only when it is asked for. */
export interface CommandEntry {
  readonly summary: string;
  load(): Promise<{ default: RunCommand }>;
}

/** Every command by the words that the user types; a first word that several share is a group. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  up: {
    summary: 'A whole cell on this machine, with labelled pictures flowing through it.',
    load: () => import('./commands/up.ts'),
  },
  infer: {
    summary: 'Asks what pictures show.',
    load: () => import('./commands/infer.ts'),
  },
};
