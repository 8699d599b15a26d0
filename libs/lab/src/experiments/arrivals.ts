import { FailedPrecondition, type Random } from '@weir/base';
import { type Answer, type Arrivals, type Sample, drive } from '@weir/cell';
import { type Candidate, learnersOf, placed, unableIn } from '../measure/candidates.ts';
import { rotated } from '../measure/contest.ts';
import type { CostTable } from '../measure/cost-table.ts';
import type { TunedRule } from '../measure/tuned-rules.ts';
import { optimumOf } from '../measure/optimum.ts';
import { startMeter } from '../measure/overheads.ts';
import type { ArrivalsPhase, ArrivalsResult } from '../measure/results.ts';
import { RuleRecord } from '../measure/rule-record.ts';
import type { Testbed } from '../measure/testbed.ts';

export interface ArrivalsExperimentOptions {
  readonly table: CostTable;
  readonly floor: number;
  /** Names; `planner` stands for planner and dispatch, as a living cell runs them. The best static placement is added. */
  readonly learners: readonly string[];
  /** Looks that a frame may get. */
  readonly looks: number;
  /** What each rule that is tuned in hindsight does under frames of this rate at each device. */
  readonly tuned: (arrivals: ArrivalRate) => ReadonlyMap<string, TunedRule | undefined>;
  readonly pattern: Arrivals['pattern'];
  /** Share of what the cell would sustain with the best variant everywhere. */
  readonly load: number;
  /** Seconds of arrivals in each block, of each rule, before times count: queues and balances begin empty. */
  readonly warmupSeconds: number;
  /** Seconds of arrivals in each block, of each rule, that count. */
  readonly seconds: number;
  readonly blocks: number;
  /** Seconds of arrivals before anything counts, of each learner. */
  readonly learningSeconds: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
  readonly onBlock?: (label: string, done: number, total: number) => void;
  readonly onFrame?: (frame: ArrivedFrame) => void;
}

export interface ArrivalRate {
  readonly ratePerMs: number;
  readonly arrivalVariability: number;
}

/** One frame, and what came of it. */
export interface ArrivedFrame {
  readonly label: string;
  readonly phase: ArrivalsPhase;
  /** From 1; null while a rule learns. */
  readonly block: number | null;
  readonly deviceId: string;
  readonly sample: Sample;
  /** ms since the experiment began. */
  readonly atMs: number;
  readonly clientMs: number;
  readonly result: Answer | { readonly error: unknown };
}

export type ArrivalsFindings = Pick<
  ArrivalsResult,
  'framesPerSecondAndDevice' | 'static' | 'rules' | 'unable' | 'overheads'
>;

/**
 * Frames that arrive by themselves, as the applications of a living cell send them: each device on its own, whatever
 * the others do. Every block begins with empty queues and balances of accuracy at 0, and has the same arrivals and
 * pictures for every rule; the floor is watched from its first frame on, and while a learner learns.
 */
export async function runArrivalsExperiment(
  testbed: Testbed,
  options: ArrivalsExperimentOptions,
): Promise<ArrivalsFindings> {
  const { table, floor, learners, pattern, load, blocks, random, startedAt, onBlock, onFrame } = options;
  const { looks, tuned, learningSeconds, warmupSeconds, seconds } = options;
  const users = testbed.applications.length;
  const rate = (load * capacityPerSecond(table)) / users;
  const arrivals = { ratePerMs: rate / 1_000, arrivalVariability: pattern === 'poisson' ? 1 : 0 };
  const best = optimumOf(table, floor, arrivals);
  if (!best)
    throw new FailedPrecondition(`no joint placement of this cell meets the floor of ${floor}`, {
      reason: 'NO_PLACEMENT',
    });
  const rulesTuned = tuned(arrivals);
  const candidates: Candidate[] = [
    placed('static', best.placements),
    ...learnersOf(learners, { looks, tuned: rulesTuned }),
  ];
  const records = candidates.map(({ label }) => new RuleRecord(label, floor));
  const total = candidates.filter(({ learns }) => learns).length + blocks * candidates.length;
  let done = 0;

  /** Enters the frames of one stretch of arrivals. */
  const recorder = (
    record: RuleRecord,
    block: number | null,
    phaseOf: (sentAt: number) => ArrivalsPhase,
  ): Pick<BlockOptions, 'onResult'> => {
    const answered = record.begin();
    return {
      onResult({ deviceId, sample, clientMs, result }) {
        const sentAt = testbed.clock.now() - clientMs;
        const [phase, atMs] = [phaseOf(sentAt), sentAt - startedAt];
        if ('response' in result) answered(result, { phase, deviceId, atMs, label: sample.label });
        else if (phase !== 'learning') record.failed(result.error);
        onFrame?.({ label: record.label, phase, block, deviceId, sample, atMs, clientMs, result });
      },
    };
  };

  for (const [at, { label, learns, maxLooks, start, leave }] of candidates.entries()) {
    await testbed.setLooks(maxLooks);
    await start(testbed);
    // After it: devices that have heard of the floor obey nobody who planned before.
    await testbed.setFloor(floor);
    if (!learns) continue;
    await block(testbed, {
      pattern,
      rate,
      seconds: learningSeconds,
      random: random.fork(`learning ${label}`),
      ...recorder(records[at]!, null, () => 'learning'),
    });
    await leave?.(testbed);
    onBlock?.(label, ++done, total);
  }
  const meter = await startMeter(testbed);
  for (let turn = 0; turn < blocks; turn++)
    for (const at of rotated(candidates.length, turn)) {
      const { resume, leave, maxLooks } = candidates[at]!;
      await testbed.setLooks(maxLooks);
      await resume(testbed);
      await testbed.setFloor(floor);
      const record = records[at]!;
      const beganAt = testbed.clock.now();
      await block(testbed, {
        pattern,
        rate,
        seconds: warmupSeconds + seconds,
        random: random.fork(`block ${turn}`),
        ...recorder(record, turn + 1, (sentAt) =>
          sentAt - beganAt < 1_000 * warmupSeconds ? 'warmup' : 'measured',
        ),
      });
      await leave?.(testbed);
      onBlock?.(record.label, ++done, total);
    }

  const rules = records.map((record) => record.result());
  const staticMs = rules.find(({ rule }) => rule === 'static')!.responseMs.mean!;
  const sum = (key: keyof RuleRecord['inBlocks']) =>
    records.reduce((total, { inBlocks }) => total + inBlocks[key], 0);
  return {
    framesPerSecondAndDevice: rate,
    static: { predictedMs: best.meanMs, placements: best.placements },
    rules: rules.map((rule) => ({ ...rule, overStaticPct: 100 * (rule.responseMs.mean! / staticMs - 1) })),
    unable: unableIn(rulesTuned),
    overheads: await meter.stop([], { agentMs: sum('agentMs') / sum('answered'), remote: sum('remote') }),
  };
}

interface BlockOptions {
  readonly pattern: Arrivals['pattern'];
  /** Frames per second of each device. */
  readonly rate: number;
  readonly seconds: number;
  readonly random: Random;
  readonly onResult: (frame: Pick<ArrivedFrame, 'deviceId' | 'sample' | 'clientMs' | 'result'>) => void;
}

/** Resolves when the last frame is answered. */
async function block(testbed: Testbed, options: BlockOptions): Promise<void> {
  const { pattern, rate, seconds, random, onResult } = options;
  const { applications, pictures, clock, signal } = testbed;
  const frames = Math.max(1, Math.round(rate * seconds));
  await Promise.all(
    applications.map(({ deviceId, client }) =>
      drive({
        client,
        samples: pictures,
        arrivals: { pattern, rate, frames },
        maxInFlight: Infinity,
        clock,
        random: random.fork(deviceId),
        signal,
        onAnswer: (answer, sample) =>
          onResult({ deviceId, sample, clientMs: answer.clientMs, result: answer }),
        onFailure: (error, frame) => onResult({ deviceId, ...frame, result: { error } }),
      }),
    ),
  );
  signal.throwIfAborted();
}

/** Frames per second that the cell sustains with the best variant on every processor. */
export function capacityPerSecond(table: CostTable): number {
  const { deviceIds, nodes, variants } = table.shape;
  const bestOf = (names: readonly string[]) =>
    variants.filter(({ name }) => names.includes(name)).reduce((a, b) => (a.accuracy >= b.accuracy ? a : b))
      .name;
  const local = bestOf(table.shape.localVariants);
  return (
    1_000 *
    (deviceIds.reduce((sum, id) => sum + 1 / table.localMs(id, local), 0) +
      nodes.reduce(
        (sum, { id, slots, variants: served }) => sum + slots / table.remoteMs(id, bestOf(served), 1),
        0,
      ))
  );
}
