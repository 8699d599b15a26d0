import {
  type FrameContext,
  type FrameRecord,
  type SentFrame,
  answeredFrame,
  failedFrame,
} from '../frames/frame-record.ts';
import type { OnEpoch } from '../measure/contest.ts';
import type { EpochRecord } from '../measure/epochs.ts';
import type { OnProfilingEpoch } from '../measure/profiling.ts';
import type { Step } from '../measure/step.ts';
import type { ArrivedFrame } from './arrivals.ts';
import { conditionKey } from './preparation.ts';

export interface ObserverOptions {
  readonly about: Pick<FrameContext, 'experiment' | 'seed' | 'accuracyFloor'>;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  /** Weak devices of each condition that the links will have. */
  readonly weakSets: readonly (readonly string[])[];
  readonly onStep: (step: Step) => void;
  readonly onFrame: ((frame: FrameRecord) => void) | undefined;
}

export interface Observer {
  onProfiling(weakDevices: readonly string[]): OnProfilingEpoch;
  /** `total`: epochs of all candidates. */
  counted(total: number): OnEpoch;
  onBlock(label: string, done: number, total: number): void;
  onArrival(frame: ArrivedFrame): void;
}

/** Tells how far an experiment is, counting upwards only, and every frame. */
export function observe({ about, startedAt, weakSets, onStep, onFrame }: ObserverOptions): Observer {
  const conditions = [...new Set(weakSets.map(conditionKey))];
  const tell = (
    { at, answers, failures }: EpochRecord,
    context: Pick<FrameContext, 'learner' | 'phase' | 'block' | 'epoch'>,
  ) => {
    if (!onFrame) return;
    const atMs = at - startedAt;
    for (const answer of answers)
      onFrame(answeredFrame({ ...about, ...context }, { ...answer, atMs }, answer));
    for (const failed of failures)
      onFrame(failedFrame({ ...about, ...context }, { ...failed, atMs }, failed.error));
  };
  return {
    onProfiling:
      (weakDevices) =>
      (record, { epoch, total }) => {
        tell(record, { learner: 'static', phase: 'profiling', block: null, epoch });
        if (!record.complete) return;
        const before = conditions.indexOf(conditionKey(weakDevices)) * total;
        const [done, all] = [before + epoch, conditions.length * total];
        onStep({ phase: 'profiling', label: '', done, total: all, unit: 'epochs' });
      },
    counted(total) {
      let done = 0;
      return (record, { label, phase, block, epoch }) => {
        tell(record, { learner: label, phase, block, epoch });
        onStep({ phase: 'experiment', label, done: ++done, total, unit: 'epochs' });
      };
    },
    onBlock: (label, done, total) => onStep({ phase: 'experiment', label, done, total, unit: 'blocks' }),
    onArrival({ label, phase, block, result, ...frame }) {
      const context: FrameContext = { ...about, learner: label, phase, block, epoch: null };
      const sent: SentFrame = frame;
      onFrame?.(
        'response' in result
          ? answeredFrame(context, sent, result)
          : failedFrame(context, sent, result.error),
      );
    },
  };
}
