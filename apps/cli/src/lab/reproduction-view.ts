import { type Clock, systemClock } from '@weir/base';
import { type Overview, stepInWords } from '@weir/lab';
import { createLogUpdate } from 'log-update';

/** How often the view renews itself on a terminal, and tells a line elsewhere. */
const periodMs = { terminal: 250, line: 30_000 };

export interface ReproductionViewOptions {
  /** Where lines renew themselves; undefined: nowhere. */
  readonly terminal: NodeJS.WritableStream | undefined;
  /** A line that stays, where there is no terminal. */
  readonly progress: (text: string) => void;
  readonly clock?: Clock;
}

/** Disposing shows the last state, on a terminal. */
export interface ReproductionView extends Disposable {
  /** A line that stays. */
  say(text: string): void;
  show(overview: Overview): void;
}

/** Shows how far a reproduction is: on a terminal lines that renew themselves, else one line every half minute. */
export function reproductionView({
  terminal,
  progress,
  clock = systemClock,
}: ReproductionViewOptions): ReproductionView {
  const update = terminal && createLogUpdate(terminal);
  let newest: Overview | undefined;
  const tell = () => {
    if (!newest) return;
    if (update) update([summary(newest), ...rows(newest)].join('\n'));
    else progress([summary(newest), ...newest.running.map(inWords)].join('; '));
  };
  const stop = clock.every(update ? periodMs.terminal : periodMs.line, tell);
  return {
    say(text) {
      if (update) update.persist(text);
      else progress(text);
    },
    show(overview) {
      newest = overview;
    },
    [Symbol.dispose]() {
      stop();
      if (!update) return;
      tell();
      update.done();
    },
  };
}

const summary = ({ done, total, remainingMs }: Overview): string =>
  `${done} of ${total} experiments${timeLeft(remainingMs)}`;

function timeLeft(ms: number | undefined): string {
  if (ms === undefined || ms < 1) return '';
  return ms < 60_000 ? ', less than a minute left' : `, about ${Math.ceil(ms / 60_000)} min left`;
}

const doing = ({ step }: Overview['running'][number]): string =>
  step ? stepInWords(step) : 'starting the cell';

const inWords = (running: Overview['running'][number]): string => `${running.name}: ${doing(running)}`;

function rows({ running }: Overview): string[] {
  const width = Math.max(0, ...running.map(({ name }) => name.length));
  return running.map((each) => `  ${each.name.padEnd(width)}  ${doing(each)}`);
}
