import type { KnownAccuracy, RunningCell } from '@weir/cell';
import { createLogUpdate } from 'log-update';
import type { CommandContext } from '../command.ts';
import { knownLines } from './known-lines.ts';
import { noteOf } from './view.ts';

const periodMs = { table: 250, line: 5_000 };

/**
 * Shows a cell's state on stderr: a live table on a terminal, else a line now and then, and a line
 * for each process that dies or restarts. Disposing shows the last state.
 */
export function liveView({
  cell,
  shows,
  context,
  json,
  url,
  known,
}: {
  cell: RunningCell;
  /** Of the devices: for a terminal, and for a log. */
  shows: { table(notes: readonly string[], heading: string, width?: number): string; line(): string };
  context: CommandContext;
  json: boolean;
  /** Of the console. */
  url?: string | undefined;
  /** What the cell knows of its accuracy now. */
  known: () => KnownAccuracy;
}): Disposable {
  const terminal = process.stderr.isTTY && !json;
  const notes: string[] = [];
  const { objective, learner } = cell.description;
  const heading = `cell ${cell.description.cellId}: ${learner}, accuracy floor ${objective.accuracyFloor}${url === undefined ? '' : `; console at ${url}`}`;
  const update = terminal ? createLogUpdate(process.stderr) : undefined;
  const show = () => {
    const found = knownLines(known());
    if (update) update(shows.table([...found, ...notes.slice(-3)], heading, process.stderr.columns));
    else context.progress([shows.line(), ...found].join(' | '));
  };
  const stopNotes = cell.onEvent((event) => {
    const note = noteOf(event);
    if (note === undefined) return;
    notes.push(note);
    if (!update) context.progress(note);
  });
  const timer = setInterval(show, terminal ? periodMs.table : periodMs.line);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      stopNotes();
      show();
      update?.done();
    },
  };
}
