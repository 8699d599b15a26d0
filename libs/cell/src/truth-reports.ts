import { type Clock, WeirError } from '@weir/base';
import type { agent } from '@weir/proto';
import { limits } from '@weir/wire';
import type { AgentClient } from './agent-client.ts';

/** Tells an agent what its pictures truly showed. Disposing reports what is left. */
export interface TruthReports extends AsyncDisposable {
  add(truth: agent.Truth): void;
}

export interface TruthReportsOptions {
  readonly client: Pick<AgentClient, 'reportTruth'>;
  readonly clock: Clock;
  /** Called after each report. */
  readonly onMeasured: (measured: agent.MeasuredAccuracy | undefined) => void;
}

const periodMs = 1_000;
/** Truths that wait to be reported; beyond that the oldest are dropped. */
const most = 10_000;

/** Reports once a second, one call at a time. Truths that an agent cannot take now are lost: it may have forgotten the answers. */
export function startTruthReports({ client, clock, onMeasured }: TruthReportsOptions): TruthReports {
  const pending: agent.Truth[] = [];
  let reporting: Promise<void> | undefined;

  const reportAll = async () => {
    while (pending.length > 0) {
      const batch = pending.splice(0, limits.truths);
      try {
        onMeasured((await client.reportTruth(batch)).measured);
      } catch (error) {
        if (!(error instanceof WeirError)) throw error;
        return;
      }
    }
  };
  const report = () => {
    reporting ??= reportAll().finally(() => (reporting = undefined));
    return reporting;
  };
  const cancel = clock.every(periodMs, () => void report());
  return {
    add(truth) {
      pending.push(truth);
      if (pending.length > most) pending.shift();
    },
    async [Symbol.asyncDispose]() {
      cancel();
      await reporting;
      await report();
    },
  };
}
