import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join } from 'node:path';
import type { BenchOptions } from './bench.ts';
import { benchKey, openBench } from './bench.ts';
import { floorLabels, mappedFloor, paperFloor } from './paper-floors.ts';
import type { ExperimentResult, Results, UnitResult } from './results.ts';
import { runScenario } from './run-scenario.ts';
import { type Scenario, parseScenario, readScenario } from './scenario.ts';

export interface ReproductionOptions extends BenchOptions {
  /** Folder of what is done already; units there are not run again. */
  readonly folder: string;
  readonly scenarios: readonly Scenario[];
  /** Cells that live at the same time. */
  readonly parallel: number;
  readonly quick: boolean;
  readonly seed: number;
  /** As typed, for the reader. */
  readonly command: string;
}

/**
 * Everything that the reproduction runs: the paper's experiments A–D and floors for five users with all baselines; the
 * same for one to four users with `planner` and `offload-only`; the published accuracies; random arrivals; links that go
 * weak; transfer; learning curves. `quick`: one floor, fewer epochs and users.
 */
export function reproductionScenarios({
  quick,
  seed,
}: {
  readonly quick: boolean;
  readonly seed: number;
}): Scenario[] {
  const shipped = (name: string, more: Partial<Scenario> = {}): Scenario => ({
    ...readScenario(name),
    seed,
    repetitions: quick ? 2 : 3,
    ...more,
  });
  const experiments = ['a', 'b', 'c', 'd'];
  const floors = quick ? ['89'] : [...floorLabels];
  const few = { learning: quick ? 10 : 12, measured: quick ? 10 : 12, blocks: 2 };
  const five = { learning: quick ? 10 : 15, measured: quick ? 12 : 30, blocks: quick ? 2 : 3 };
  const userCounts = quick ? [2] : [4, 3, 2, 1];
  const paper = ({ cell }: Scenario, users: number) =>
    ({ ...(cell as { experiment: string }), users }) as Scenario['cell'];
  const withFive = experiments.flatMap((experiment) =>
    floors.map((floor) => {
      const scenario = shipped(`${experiment}-${floor}`, { epochs: five });
      // The experiment of the headline gets the epochs of its own file.
      return !quick && scenario.name === 'a-89'
        ? { ...scenario, epochs: readScenario('a-89').epochs }
        : scenario;
    }),
  );
  const withFewer = userCounts.flatMap((users) =>
    (quick ? ['a'] : experiments).flatMap((experiment) =>
      floors.map((floor) => {
        const scenario = shipped(`${experiment}-${floor}`);
        const learners = ['planner', 'offload-only'];
        return {
          ...scenario,
          name: `${scenario.name}-${users}`,
          cell: paper(scenario, users),
          learners,
          epochs: few,
        };
      }),
    ),
  );
  const published = (quick ? ['a'] : experiments).flatMap((experiment) =>
    (quick ? ['89'] : ['85', '89']).map((floor) => {
      const scenario = shipped(`${experiment}-${floor}`, { epochs: five, accuracies: 'published' });
      const learners = quick ? ['planner', 'offload-only'] : scenario.learners;
      return { ...scenario, name: `${scenario.name}-published`, learners };
    }),
  );
  const shorter = (scenario: Scenario): Scenario => {
    if (!quick) return scenario;
    const { arrivals, adaptation, transfer, curves } = scenario;
    return {
      ...scenario,
      ...(arrivals && { arrivals: { ...arrivals, learningSeconds: 8, seconds: 15, blocks: 2 } }),
      ...(adaptation && {
        adaptation: {
          epochs: 45,
          events: adaptation.events.map((event) => ({ ...event, epoch: Math.floor(event.epoch / 2) + 1 })),
        },
      }),
      ...(transfer && { transfer: { ...transfer, epochs: 12 } }),
      ...(curves && { curves: { epochs: 60 } }),
    };
  };
  const others = (
    quick
      ? ['poisson-60', 'weak-link', 'transfer-floor', 'learning']
      : [
          'poisson-30',
          'poisson-60',
          'poisson-90',
          'weak-link',
          'transfer-experiment',
          'transfer-floor',
          'learning',
        ]
  ).map((name) => shorter(shipped(name)));
  return [...withFive, ...others, ...withFewer, ...published].map((scenario) => parseScenario(scenario));
}

/**
 * Runs the scenarios, those of one cell one after the other, several cells at a time, and keeps each result as soon as
 * it is there: a run that was stopped goes on where it was. Rejects with the signal's reason, or with the first failure
 * after the others under way have ended.
 */
export async function reproduce(options: ReproductionOptions): Promise<Results> {
  const { folder, scenarios, parallel, progress, signal } = options;
  const startedAt = new Date();
  const done = new Map<Scenario, UnitResult>();
  for (const scenario of scenarios) {
    const before = readUnit(folder, scenario);
    if (before) done.set(scenario, before);
  }
  if (done.size > 0)
    progress(`${done.size} of ${scenarios.length} experiments were done before (kept in ${folder})`);

  const groups = groupBy(
    scenarios.filter((scenario) => !done.has(scenario)),
    benchKey,
  );
  const total = scenarios.length;
  const pace = new Pace(groups.flat());
  const lane = async () => {
    for (let group = groups.shift(); group; group = groups.shift()) {
      signal.throwIfAborted();
      await using bench = await openBench(group[0]!, { ...options, progress: () => {} });
      for (const scenario of group) {
        signal.throwIfAborted();
        const result = await runScenario(scenario, bench);
        keepUnit(folder, scenario, result);
        done.set(scenario, result);
        pace.finished(scenario);
        progress(`${done.size} of ${total}: ${scenario.name}${pace.remaining()}`);
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.max(1, parallel) }, lane));
  signal.throwIfAborted();
  const failure = lanes.find((each) => each.status === 'rejected');
  if (failure) throw failure.reason;

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
  const accuracies = family.variants.map(({ accuracy }) => accuracy.top1);
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
function gapNotes({ name, learners, floor }: ExperimentResult): string[] {
  const planner = learners.find(({ learner }) => learner === 'planner');
  const oracle = learners.find(({ learner }) => learner === 'oracle');
  if (!planner || !oracle || planner.gapToOraclePct <= 5) return [];
  const measured = planner.curve.slice(
    -Math.max(1, planner.curve.length - (planner.interactionsTo5pct ?? 0)),
  );
  const exploring = measured.filter(({ explored }) => explored).length;
  const byTable = measured.reduce((sum, { tableMs }) => sum + tableMs, 0) / measured.length;
  const tableGapPct = 100 * (byTable / (oracle.curve[0]?.tableMs ?? byTable) - 1);
  const found =
    planner.interactionsTo5pct === null
      ? 'its plans did not stay within 5 % by the table'
      : `its plans stay within 5 % from epoch ${planner.interactionsTo5pct + 1} on`;
  return [
    `${name} (floor ${floor.label}): planner ${planner.gapToOraclePct.toFixed(1)} % above the oracle; by the cost table its joint placements cost ${tableGapPct.toFixed(1)} % more, ${exploring} of ${measured.length} epochs explored; ${found}`,
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

/** A result is of use again only for the very same scenario. */
function fileOf(folder: string, scenario: Scenario): string {
  const hash = createHash('sha256').update(JSON.stringify(scenario)).digest('hex').slice(0, 8);
  return join(folder, 'units', `${scenario.name}.${hash}.json`);
}

function readUnit(folder: string, scenario: Scenario): UnitResult | undefined {
  try {
    return JSON.parse(readFileSync(fileOf(folder, scenario), 'utf8')) as UnitResult;
  } catch {
    return undefined;
  }
}

/** Keeps a result for later, whole or not at all. */
export function keepUnit(folder: string, scenario: Scenario, result: UnitResult): void {
  const file = fileOf(folder, scenario);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, JSON.stringify(result));
  renameSync(`${file}.new`, file);
}

/** How long the rest takes, by how long the work done so far took. */
class Pace {
  readonly #startedAt = performance.now();
  readonly #total: number;
  #done = 0;

  constructor(scenarios: readonly Scenario[]) {
    this.#total = scenarios.reduce((sum, scenario) => sum + workOf(scenario), 0);
  }

  finished(scenario: Scenario): void {
    this.#done += workOf(scenario);
  }

  remaining(): string {
    const left = ((performance.now() - this.#startedAt) / this.#done) * (this.#total - this.#done);
    return left < 1 ? '' : `, about ${Math.ceil(left / 60_000)} min left`;
  }
}

/** Roughly in seconds; only the proportions matter. */
function workOf({ epochs, arrivals, adaptation, transfer, curves, learners }: Scenario): number {
  if (epochs) return 0.6 * (learners.length * epochs.learning + (learners.length + 1) * epochs.measured);
  if (arrivals)
    return arrivals.learningSeconds + (learners.length + 1) * arrivals.blocks * (arrivals.seconds + 2);
  if (adaptation) return 30 + 0.6 * learners.length * adaptation.epochs;
  if (transfer) return 0.6 * 3 * transfer.epochs;
  return 0.5 * learners.length * curves!.epochs;
}
