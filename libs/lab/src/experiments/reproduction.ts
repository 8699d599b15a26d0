import { cpus } from 'node:os';
import { expectedAccuracy } from '@weir/inference';
import type { PreparationOptions } from './preparation.ts';
import { preparationKey, prepareCell } from './preparation.ts';
import { keepUnit, keptUnit } from './kept-units.ts';
import { Pace } from '../measure/pace.ts';
import { floorLabels, mappedFloor, paperFloor } from '../scenario/paper-floors.ts';
import type { ExperimentResult, Results, UnitResult } from '../measure/results.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from '../scenario/scenario-schema.ts';
import type { Step } from '../measure/step.ts';

export interface ReproductionOptions extends Omit<PreparationOptions, 'onStep'> {
  /** Folder of what is done already; units there are not run again. */
  readonly folder: string;
  readonly scenarios: readonly Scenario[];
  /** Cells that live at the same time. */
  readonly parallel: number;
  readonly quick: boolean;
  readonly seed: number;
  /** As typed, for the reader. */
  readonly command: string;
  /** After each epoch, or block of arrivals, of each experiment, and when a cell starts or ends. */
  readonly onOverview?: (overview: Overview) => void;
}

/** How far a reproduction is. */
export interface Overview {
  /** Experiments. */
  readonly done: number;
  readonly total: number;
  /** `step`: the newest; undefined while the cell starts. */
  readonly running: readonly { readonly name: string; readonly step: Step | undefined }[];
  /** Estimate; undefined: too early to tell. */
  readonly remainingMs: number | undefined;
}

/**
 * Runs the scenarios, those of one cell one after the other, several cells at a time, and keeps each result as soon as
 * it is there: a run that was stopped goes on where it was. Rejects with the signal's reason, or with the first failure
 * after the others under way have ended.
 */
export async function reproduce(options: ReproductionOptions): Promise<Results> {
  const { folder, scenarios, parallel, progress, signal, onOverview } = options;
  const startedAt = new Date();
  const done = new Map<Scenario, UnitResult>();
  for (const scenario of scenarios) {
    const before = keptUnit(folder, scenario);
    if (before) done.set(scenario, before);
  }
  if (done.size > 0)
    progress(`${done.size} of ${scenarios.length} experiments were done before (kept in ${folder})`);

  const groups = groupBy(
    scenarios.filter((scenario) => !done.has(scenario)),
    preparationKey,
  );
  const total = scenarios.length;
  const pace = new Pace(groups);
  const running = new Map<readonly Scenario[], Overview['running'][number]>();
  const show = () =>
    onOverview?.({
      done: done.size,
      total,
      running: [...running.values()],
      remainingMs: pace.remainingMs,
    });
  const run = async (group: readonly Scenario[]) => {
    let current = group[0]!;
    const at = (step?: Step) => {
      running.set(group, { name: current.name, step });
      if (step) pace.at(current, step);
      show();
    };
    progress(`starting the cell of ${group.map(({ name }) => name).join(', ')}`);
    at();
    await using prepared = await prepareCell(current, { ...options, progress: () => {}, onStep: at });
    for (const scenario of group) {
      signal.throwIfAborted();
      current = scenario;
      const result = await runScenario(scenario, prepared);
      keepUnit(folder, scenario, result);
      done.set(scenario, result);
      pace.finished(scenario);
      progress(`${done.size} of ${total}: ${scenario.name}, ${(result.seconds / 60).toFixed(1)} min`);
    }
  };
  const failures: unknown[] = [];
  const lane = async () => {
    for (let group = groups.shift(); group && failures.length === 0; group = groups.shift()) {
      signal.throwIfAborted();
      await run(group).catch((error: unknown) => {
        failures.push(error);
        if (!signal.aborted)
          progress(`failed, the others under way are finished: ${(error as Error).message}`);
      });
      running.delete(group);
      show();
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, lane)).catch((error: unknown) =>
    failures.push(error),
  );
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];

  return resultsOf(
    scenarios.map((scenario) => done.get(scenario)!),
    { ...options, startedAt },
  );
}

/** The document over what was found. */
export function resultsOf(
  units: readonly UnitResult[],
  {
    family,
    quick,
    seed,
    command,
    startedAt,
  }: Pick<ReproductionOptions, 'family' | 'quick' | 'seed' | 'command'> & { readonly startedAt: Date },
): Results {
  const accuracies = family.variants.map(expectedAccuracy);
  const sameFamily = accuracies.length === 8;
  return {
    format: 'weir.lab',
    version: 1,
    startedAt: startedAt.toISOString(),
    finishedAt: new Date().toISOString(),
    command,
    quick,
    seed,
    machine: { processor: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version },
    emulated: [
      'links: a TCP relay with delay and rate for each device and node',
      'processors: each inference runs for real, then its slot is held until so many times the reference time of its variant have passed',
    ],
    floors: sameFamily
      ? floorLabels.map((label) => ({
          label,
          paper: paperFloor(label),
          measured: mappedFloor(label, accuracies),
          published: paperFloor(label),
        }))
      : [],
    units,
    notes: units.flatMap((unit) => (unit.kind === 'epochs' ? gapNotes(unit) : [])),
  };
}

/** Where the planner was further than 5 % from the oracle that ran beside it, and what the figures say of it. */
function gapNotes({ name, learners, floor, users }: ExperimentResult): string[] {
  const planner = learners.find(({ learner }) => learner === 'planner');
  const oracle = learners.find(({ learner }) => learner === 'oracle');
  if (!planner || !oracle || planner.gapToOraclePct <= 5) return [];
  const interval = planner.gapToOracleIntervalPct;
  const between = interval ? ` (${interval.low.toFixed(1)} to ${interval.high.toFixed(1)})` : '';
  const measured = planner.curve.slice(-Math.max(1, Math.round(planner.accuracy.n / users)));
  const exploring = measured.filter(({ explored }) => explored).length;
  const byTable = measured.reduce((sum, { tableMs }) => sum + tableMs, 0) / measured.length;
  const tableGapPct = 100 * (byTable / (oracle.curve[0]?.tableMs ?? byTable) - 1);
  const found =
    planner.interactionsTo5pct === null
      ? 'what it knew did not come within 5 % by the table'
      : `what it knew was within 5 % from epoch ${planner.interactionsTo5pct + 1} on`;
  return [
    `${name} (floor ${floor.label}): planner ${planner.gapToOraclePct.toFixed(1)} %${between} above the oracle; by the cost table its joint placements cost ${tableGapPct.toFixed(1)} % more, ${exploring} of ${measured.length} epochs explored; ${found}`,
  ];
}

function groupBy(scenarios: readonly Scenario[], key: (scenario: Scenario) => string): Scenario[][] {
  const groups = new Map<string, Scenario[]>();
  for (const scenario of scenarios) {
    const group = groups.get(key(scenario)) ?? [];
    group.push(scenario);
    groups.set(key(scenario), group);
  }
  return [...groups.values()];
}
