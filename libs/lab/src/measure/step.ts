/** How far an experiment is. */
export interface Step {
  /** The cell is profiled before its first experiment, and again where the experiment changes its links. */
  readonly phase: 'profiling' | 'experiment';
  /** Who runs. */
  readonly label: string;
  /** From 1 to `total`. */
  readonly done: number;
  readonly total: number;
  readonly unit: 'epochs' | 'blocks';
}

/** "120 of 460 epochs (planner)". */
export const stepInWords = ({ phase, label, done, total, unit }: Step): string =>
  phase === 'profiling'
    ? `profiling the cell: ${done} of ${total} ${unit}`
    : `${done} of ${total} ${unit} (${label})`;

/** Says how far it is after every tenth of each phase. */
export const everyTenth =
  (say: (text: string) => void) =>
  (step: Step): void => {
    const tenths = (done: number) => Math.floor((10 * done) / step.total);
    if (tenths(step.done) > tenths(step.done - 1)) say(stepInWords(step));
  };
