import { ConfigError, InvalidInput } from '@weir/base';
import { type Scenario, isLabLearner, isPaperFloor, parseScenario, readScenario } from '@weir/lab';
import { asUsage } from '../as-usage.ts';
import { readLearners } from '../learn/learner-flags.ts';

/** Flags that say something else than the scenario. */
export interface ScenarioFlags {
  readonly scenario?: string | undefined;
  readonly experiment?: string | undefined;
  readonly floor?: Scenario['floor'] | undefined;
  readonly looks?: number | undefined;
  readonly users?: number | undefined;
  readonly learners?: string[] | undefined;
  readonly accuracies?: Scenario['accuracies'] | undefined;
  readonly space?: 'paper' | 'full' | undefined;
  readonly arrivals?: 'poisson' | 'periodic' | undefined;
  readonly load?: number | undefined;
  readonly epochs?: number | undefined;
  readonly repetitions?: number | undefined;
  readonly linkTrace?: string | undefined;
  readonly seed?: number | undefined;
}

/** What sets a field of the scenario, by the beginning of the field's path. */
const setBy: readonly (readonly [field: string, key: keyof ScenarioFlags, flag: string])[] = [
  ['floor', 'floor', '--floor'],
  ['learners', 'learners', '--learners'],
  ['looks', 'looks', '--looks'],
  ['accuracies', 'accuracies', '--accuracies'],
  ['cell.users', 'users', '--users'],
  ['cell.space', 'space', '--space'],
  ['links', 'linkTrace', '--link-trace'],
  ['epochs', 'epochs', '--epochs'],
  ['arrivals.load', 'load', '--load'],
  ['arrivals', 'arrivals', '--arrivals'],
  ['seed', 'seed', '--seed'],
];

/** As `asUsage`; a fault of the scenario is that of the flag that sets the field, where one was given. */
export const asScenarioUsage = <Value>(
  command: string,
  flags: ScenarioFlags,
  read: () => Promise<Value> | Value,
): Promise<Value> =>
  asUsage(command, '--scenario', async () => {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      const faults = error.violations.map(({ field, description }) => {
        const flag = setBy.find(([path, key]) => field.startsWith(path) && flags[key] !== undefined)?.[2];
        return { field: flag ?? `--scenario: ${field}`, description };
      });
      throw new ConfigError(command, faults);
    }
  });

/**
 * The scenario with what the flags say instead. A floor that is none of the paper's asks another question than its
 * experiments, which know of one look: two, unless told otherwise. Throws InvalidInput, NotFound.
 */
export function scenarioOf(name: string, flags: ScenarioFlags): Scenario {
  const {
    experiment = 'A',
    users,
    space,
    learners,
    accuracies,
    seed,
    epochs,
    repetitions,
    arrivals,
    load,
    linkTrace,
  } = flags;
  const { floor } = flags;
  const label = floor !== undefined && isPaperFloor(floor) ? floor : '89';
  const ownFloor = floor !== undefined && !isPaperFloor(floor) && flags.scenario === undefined;
  const looks = flags.looks ?? (ownFloor ? 2 : undefined);
  const base = readScenario(flags.scenario ?? `${experiment.toLowerCase()}-${label}`);
  if (flags.scenario !== undefined && flags.experiment !== undefined)
    throw new ConfigError(name, [{ field: '--experiment', description: 'goes without --scenario' }]);
  if (base.transfer && learners)
    throw new ConfigError(name, [
      { field: '--learners', description: 'the scenario names its one learner; change its file' },
    ]);
  if ('file' in base.cell && (users !== undefined || space !== undefined))
    throw new ConfigError(name, [
      { field: '--users, --space', description: 'the scenario has a cell of its own; change its file' },
    ]);
  if (load !== undefined && arrivals === undefined && !base.arrivals)
    throw new ConfigError(name, [{ field: '--load', description: 'goes with --arrivals' }]);
  if (epochs !== undefined && (arrivals !== undefined || !base.epochs))
    throw new ConfigError(name, [{ field: '--epochs', description: 'goes with synchronous epochs only' }]);
  const { epochs: measured, ...rest } = base;
  const random = { ...(base.arrivals ?? {}), ...(arrivals && { pattern: arrivals }), ...(load && { load }) };
  return parseScenario({
    ...rest,
    ...('file' in base.cell
      ? {}
      : { cell: { ...base.cell, ...(users && { users }), ...(space && { space }) } }),
    ...(floor !== undefined && { floor }),
    ...(looks !== undefined && { looks }),
    ...(learners && { learners: readLearners(name, '--learners', learners, isLabLearner) }),
    ...(accuracies && { accuracies }),
    ...(repetitions !== undefined && { repetitions }),
    ...(seed !== undefined && { seed }),
    ...(linkTrace !== undefined && { links: { trace: linkTrace } }),
    ...(arrivals || base.arrivals
      ? { arrivals: random, ...(!learners && !base.arrivals && { learners: ['planner'] }) }
      : measured && {
          epochs: {
            ...measured,
            ...(epochs && { measured: epochs, blocks: Math.min(measured.blocks, epochs) }),
          },
        }),
  });
}
