import { type Random, estimate, mean, pairedDifference, percentile, proportion } from '@weir/base';
import { type Spread, Tally } from '@weir/cell';
import type { CandidateRecord } from './contest.ts';
import { type CostTable, asMap } from './cost-table.ts';
import type { Optimum } from './optimum.ts';
import type { EpochRecord } from './epochs.ts';
import { type MeasuredEpochs, gapInterval } from './gap-interval.ts';
import { SecondLooksTally } from './second-looks-tally.ts';
import { curveOf, floorViolationsOf, interactionsToFound } from './learning-curve.ts';
import type { Estimate, ExperimentResult, LearnerResult, PlacedDevice } from './results.ts';

export interface SummaryOptions {
  readonly records: readonly CandidateRecord[];
  readonly table: CostTable;
  readonly oracle: Optimum;
  readonly floor: number;
  /** In which the measured epochs were run. */
  readonly blocks: number;
  readonly random: Random;
  /** Of the experiment, by the clock. */
  readonly startedAt: number;
}

/** What came of a contest, one entry for each candidate. The first one named `oracle` and `offload-only` are compared with. */
export function summarise({
  records,
  table,
  oracle,
  floor,
  blocks,
  random,
  startedAt,
}: SummaryOptions): LearnerResult[] {
  const steady = new Map(records.map((record) => [record.label, steadyMs(record)]));
  const reference = records.find(({ label }) => label === 'offload-only');
  const measuredOracle = records.find((record) => record.label === 'oracle');
  const oracleMs = steady.get('oracle')?.mean ?? oracle.meanMs;
  return records.map((record): LearnerResult => {
    const { label } = record;
    const all = [...record.learning, ...record.measured];
    const tally = tallyOf(record.measured);
    const { accuracy, responseMs, placements, hopsMs, succeeded } = tally.totals();
    const mine = steady.get(label)!;
    const offloadOnly = reference && steady.get(reference.label)!.mean;
    return {
      learner: label,
      epochs: all.length,
      discarded: all.filter(({ complete }) => !complete).length,
      responseMs,
      steadyMs: mine,
      accuracy: {
        // Of tensors nobody knows what is right.
        top1: accuracy.top1 === null ? proportion(0, 0) : proportion(accuracy.top1 * succeeded, succeeded),
        n: succeeded,
        expected: accuracy.expected ?? NaN,
      },
      looks: looksIn(record.measured),
      interactionsTo5pct: interactionsToFound(all, table, { floor, oracleMs: oracle.meanMs }),
      gapToOraclePct: 100 * (mine.mean / oracleMs - 1),
      gapToOracleIntervalPct:
        measuredOracle && record !== measuredOracle
          ? gapInterval(responsesOf(record), responsesOf(measuredOracle), {
              blocks,
              random: random.fork(`gap ${label}`),
            })
          : null,
      overOffloadOnlyPct: offloadOnly === undefined ? null : 100 * (mine.mean / offloadOnly - 1),
      accuracyOverOffloadOnly: reference ? accuracyDifference(record, reference) : null,
      floorViolations: floorViolationsOf(all, table, floor),
      placements: placements as LearnerResult['placements'],
      hopsMs: withoutNull(hopsMs),
      curve: curveOf(record, table, { floor, startedAt }),
    };
  });
}

/** How well the table foretold the epochs that were run, in per cent of what was seen. */
export function predictionQuality(
  records: readonly CandidateRecord[],
  table: CostTable,
): ExperimentResult['prediction'] {
  const errors = records
    .flatMap(({ learning, measured }) => [...learning, ...measured])
    .filter(({ complete }) => complete)
    .map(({ placements, responseMs }) => 100 * (table.responseMs(asMap(placements)) / responseMs - 1));
  return {
    epochs: errors.length,
    meanAbsoluteErrorPct: mean(errors.map(Math.abs)),
    biasPct: mean(errors),
  };
}

const completed = (epochs: readonly EpochRecord[]) => epochs.filter(({ complete }) => complete);

const steadyMs = ({ measured }: CandidateRecord): Estimate =>
  estimate(completed(measured).map(({ responseMs }) => responseMs));

const responsesOf = ({ measured }: CandidateRecord): MeasuredEpochs =>
  measured.map(({ complete, responseMs }) => (complete ? responseMs : undefined));

function tallyOf(epochs: readonly EpochRecord[]): Tally {
  const tally = new Tally();
  for (const { answers } of completed(epochs)) for (const answer of answers) tally.answered(answer);
  return tally;
}

function looksIn(epochs: readonly EpochRecord[]): LearnerResult['looks'] {
  const tally = new SecondLooksTally();
  for (const { answers } of completed(epochs))
    for (const { response, sample } of answers) tally.add(response, sample.label);
  return tally.result();
}

/** Points of per cent, over the frames that show the same picture on the same device. */
function accuracyDifference(mine: CandidateRecord, theirs: CandidateRecord): Estimate {
  const counts = { mine: 0, theirs: 0, all: 0 };
  mine.measured.forEach((epoch, index) => {
    const other = theirs.measured[index];
    if (!other || !epoch.complete || !other.complete) return;
    for (const { deviceId, correct } of epoch.answers) {
      const match = other.answers.find((answer) => answer.deviceId === deviceId);
      if (!match) continue;
      counts.all++;
      if (correct && !match.correct) counts.mine++;
      if (!correct && match.correct) counts.theirs++;
    }
  });
  const { mean: share, low, high } = pairedDifference(counts.mine, counts.theirs, counts.all);
  return { mean: 100 * share, low: 100 * low, high: 100 * high };
}

export const withoutNull = (values: Readonly<Record<string, number | null>>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, value ?? 0]));

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { mean: null, p50: null, p95: null, p99: null };
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => percentile(values, q)) as [number, number, number];
  return { mean: mean(values), p50, p95, p99 };
}

/** Placements as people compare them: how many devices where, with what. */
export function inWords(placements: readonly PlacedDevice[]): string {
  const counts = new Map<string, number>();
  for (const { tier, variant, secondLook } of placements) {
    const key = `${tier} ${variant}${secondLook ? ` (unsure ones then ${secondLook.tier} ${secondLook.variant})` : ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, count]) => `${count} × ${key}`)
    .join(', ');
}
