import type { CellConsole, CellDescription, RunningCell } from '@weir/cell';
import type { CommandContext } from '../command.ts';
import type { watchLearning } from './learning.ts';

/** A cell of `weir up` with all that watches it. */
export interface LiveCell {
  readonly cell: RunningCell;
  readonly description: CellDescription;
  readonly context: CommandContext;
  readonly learner: Awaited<ReturnType<typeof watchLearning>>;
  /** The web page, if there is one. */
  readonly page: CellConsole | undefined;
  readonly json: boolean;
  /** Ends the run. */
  readonly signal: AbortSignal;
}

/** What a run was: the `--json` document, and the same for people. */
export interface RunReport {
  readonly document: object;
  readonly text: string;
  /** True when the command should say so in its exit code. */
  readonly failed: boolean;
}
