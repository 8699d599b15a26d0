import { mean, seededRandom } from '@weir/base';
import {
  type EpochCellOptions,
  type ExperimentName,
  type HindsightPlan,
  type SimulatedFamily,
  EpochCell,
  fixedThreshold,
  optimum,
  runLearning,
  tunedHiLcb,
  twoLookOptimum,
} from '@weir/simulation';

/** Rules of the grid, in the order of its columns. */
export const gridRules = [
  'offload-only',
  'planner-one-look',
  'oracle-one-look',
  'escalate-25',
  'threshold',
  'hi-lcb',
  'planner',
  'oracle-two-looks',
] as const;
export type GridRule = (typeof gridRules)[number];

export interface LooksGridOptions {
  readonly family: SimulatedFamily;
  readonly experiments: readonly ExperimentName[];
  readonly floors: readonly { readonly label: string; readonly value: number }[];
  readonly users: readonly number[];
  /** One run for each. */
  readonly seeds: readonly number[];
  /** Of each learner. */
  readonly interactions: number;
  /** Of HI-LCB, which learns by the frame. */
  readonly hiLcbInteractions: number;
  /** Awaited before each cell of the grid, which takes seconds of computing. */
  readonly onCell?: (done: number, total: number) => void | Promise<void>;
}

/**
 * What a rule comes to in one cell, in virtual time, without noise. HI-LCB holds the floor on average over its epochs, all
 * others in each, so that it may be quicker than the oracle.
 */
export interface GridFigure {
  /** Mean response time, ms; of learners in the last tenth of their interactions. */
  readonly meanMs: number;
  /** Promised, 0..1. */
  readonly accuracy: number;
}

export interface GridCell {
  readonly experiment: ExperimentName;
  readonly floor: LooksGridOptions['floors'][number];
  readonly users: number;
  /** Null: the rule cannot meet the floor. */
  readonly rules: Readonly<Record<GridRule, GridFigure | null>>;
  /** Joint placements of the planner below the floor, over all interactions and seeds. */
  readonly floorViolations: number;
  /** Whether nothing can be quicker than oracle-two-looks; otherwise a search found nothing quicker. */
  readonly exact: boolean;
}

/** Second looks in virtual time: every rule in every experiment, floor and number of users. */
export async function looksGrid(options: LooksGridOptions): Promise<GridCell[]> {
  const { experiments, floors, users, onCell } = options;
  const places = experiments.flatMap((experiment) =>
    floors.flatMap((floor) => users.map((count) => ({ experiment, floor, users: count }))),
  );
  const cells: GridCell[] = [];
  for (const [at, place] of places.entries()) {
    await onCell?.(at, places.length);
    cells.push(gridCell(place, options));
  }
  return cells;
}

function gridCell(
  place: Pick<GridCell, 'experiment' | 'floor' | 'users'>,
  { family, seeds, interactions, hiLcbInteractions }: LooksGridOptions,
): GridCell {
  const { variants, looks } = family;
  const { experiment, floor, users } = place;
  const once: EpochCellOptions = { experiment, floor: floor.value, users, variants };
  const twice: EpochCellOptions = { ...once, ...(looks && { looks }) };
  const example = new EpochCell(seededRandom(1), twice);
  const learned = (learner: string, cell: EpochCellOptions) => {
    const results = seeds.map((seed) => runLearning({ learner, cell, interactions, seed }));
    return {
      meanMs: mean(results.map(({ responseMs }) => responseMs)),
      accuracy: mean(results.map(({ accuracy }) => accuracy)),
      floorViolations: results.reduce((sum, { floorViolations }) => sum + floorViolations, 0),
    };
  };
  const { floorViolations, ...planner } = learned('planner', twice);
  const oracle = twoLookOptimum(example);
  return {
    ...place,
    rules: {
      'offload-only': figure(learned('offload-only', once)),
      'planner-one-look': figure(learned('planner', once)),
      'oracle-one-look': figure(optimum(example)),
      'escalate-25': figure(fixedThreshold(example, { share: 0.25 })),
      threshold: figure(fixedThreshold(example)),
      'hi-lcb': figure(tunedHiLcb({ cell: twice, seeds, interactions: hiLcbInteractions })),
      planner,
      'oracle-two-looks': figure(oracle),
    },
    floorViolations,
    exact: oracle?.exact ?? true,
  };
}

const figure = (found: Pick<HindsightPlan, 'meanMs' | 'accuracy'> | undefined): GridFigure | null =>
  found ? { meanMs: found.meanMs, accuracy: found.accuracy } : null;
