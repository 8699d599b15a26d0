import { processorTime } from '@weir/cell';
import type { CandidateRecord } from './contest.ts';
import type { Overheads } from './results.ts';
import { spreadOf } from './summarise.ts';
import type { Testbed } from './testbed.ts';

/** What the cell's processes and links have used so far. */
interface Reading {
  readonly at: number;
  readonly processorMs: Readonly<Record<'telemetry' | 'policy' | 'agents' | 'workers', number | undefined>>;
  readonly bytes: { readonly up: number; readonly down: number };
}

/** Reads meters now; `stop` reads them again and says what was used in between. */
export interface OverheadMeter {
  stop(
    records: readonly Pick<CandidateRecord, 'learning' | 'measured'>[],
    answers: Answers,
  ): Promise<Overheads>;
}

/** Of all frames answered in between. */
export interface Answers {
  /** Mean, ms. */
  readonly agentMs: number;
  /** Frames that were answered by edge or cloud. */
  readonly remote: number;
}

export async function startMeter(testbed: Testbed): Promise<OverheadMeter> {
  const before = await read(testbed);
  return {
    async stop(records, { agentMs, remote }) {
      const after = await read(testbed);
      const elapsedMs = after.at - before.at;
      const epochs = records.flatMap(({ learning, measured }) => [...learning, ...measured]);
      const share = (kind: keyof Reading['processorMs']) =>
        ((after.processorMs[kind] ?? NaN) - (before.processorMs[kind] ?? NaN)) / elapsedMs;
      const known = Object.values(after.processorMs).every((ms) => ms !== undefined);
      return {
        planningMs: spreadOf(epochs.map((epoch) => epoch.planningMs)),
        pushMs: spreadOf(epochs.map((epoch) => epoch.pushMs)),
        agentMs,
        bytesPerRemoteInference:
          remote === 0
            ? null
            : {
                up: (after.bytes.up - before.bytes.up) / remote,
                down: (after.bytes.down - before.bytes.down) / remote,
              },
        processorShare: known
          ? {
              telemetry: share('telemetry'),
              policy: share('policy'),
              agents: share('agents'),
              workers: share('workers'),
            }
          : null,
      };
    },
  };
}

async function read({ cell, clock }: Testbed): Promise<Reading> {
  const { nodes, devices } = cell.description;
  const stats = await Promise.all(cell.links.map((link) => link.stats()));
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const usedMs = (processes: readonly string[]) => {
    try {
      return processorTime(processes.map((name) => cell.pid(name)!)).all;
    } catch {
      return undefined;
    }
  };
  return {
    at: clock.now(),
    processorMs: {
      telemetry: usedMs(['telemetry']),
      policy: usedMs(['policy']),
      agents: usedMs(devices.map(({ id }) => id)),
      workers: usedMs(nodes.map(({ id }) => id)),
    },
    bytes: { up: sum(stats.map(({ up }) => up.bytes)), down: sum(stats.map(({ down }) => down.bytes)) },
  };
}
