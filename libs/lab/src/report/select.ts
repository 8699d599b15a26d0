import type {
  ArrivalsRule,
  Estimate,
  ExperimentResult,
  LearnerResult,
  Results,
  UnitResult,
} from '../measure/results.ts';
import { byLearner } from './looks.ts';
import type { Column } from './table.ts';

/** Which units a plot shows, and in which order. */

type Kind = UnitResult['kind'];
type UnitOf<K extends Kind> = Extract<UnitResult, { readonly kind: K }>;

export const unitsOf = <K extends Kind>({ units }: Results, kind: K): UnitOf<K>[] =>
  units.filter((unit): unit is UnitOf<K> => unit.kind === kind);

/** Sorted by experiment, users and floor. */
export const experimentsOf = (
  results: Results,
  accuracies: ExperimentResult['accuracies'],
): ExperimentResult[] =>
  unitsOf(results, 'epochs')
    .filter((unit) => unit.accuracies === accuracies)
    .sort(
      (a, b) =>
        compare(cellName(a), cellName(b)) ||
        a.users - b.users ||
        a.floor.value - b.floor.value ||
        compare(a.name, b.name),
    );

/** "Experiment A" of the paper's cells, the title of any other. */
export const cellName = ({ experiment, title }: ExperimentResult): string =>
  experiment === undefined ? title : `Experiment ${experiment}`;

/** "A": in tables under a head that says what it is. */
export const cellShort = ({ experiment, title }: ExperimentResult): string => experiment ?? title;

/** Per cell the units with its largest number of users, by floor. A unit that was run again replaces the earlier. */
export function atMostUsers(units: readonly ExperimentResult[]): ExperimentResult[][] {
  return [...Map.groupBy(units, cellName).values()].map((cell) => {
    const users = Math.max(...cell.map((unit) => unit.users));
    return latestBy(
      cell.filter((unit) => unit.users === users),
      ({ floor }) => floor.label,
    );
  });
}

/** The last unit of each key. */
export const latestBy = <Unit>(units: readonly Unit[], key: (unit: Unit) => string | number): Unit[] => [
  ...new Map(units.map((unit) => [key(unit), unit])).values(),
];

/** The floor most is asked about: 89; without it the highest that was run. */
export const headlineUnit = (units: readonly ExperimentResult[]): ExperimentResult =>
  units.find(({ floor }) => floor.label === '89') ??
  units.toSorted((a, b) => b.floor.value - a.floor.value)[0]!;

export const learnersOf = ({ learners }: ExperimentResult): LearnerResult[] =>
  learners.filter(({ learner }) => learner !== 'oracle').sort((a, b) => byLearner(a.learner, b.learner));

export const learnerOf = ({ learners }: ExperimentResult, name: string): LearnerResult | undefined =>
  learners.find(({ learner }) => learner === name);

/** Names over all units, in the report's order, the oracle left out. */
export const learnerNames = (units: readonly ExperimentResult[]): string[] =>
  [...new Set(units.flatMap((unit) => learnersOf(unit).map(({ learner }) => learner)))].sort(byLearner);

/** The oracle's response as measured beside the learners; where it was not run, what the table says of it. */
export function oracleOf(unit: ExperimentResult): Estimate {
  const measured = learnerOf(unit, 'oracle')?.steadyMs;
  const { meanMs } = unit.oracle;
  return measured ?? { mean: meanMs, low: meanMs, high: meanMs };
}

/** A sentence about the rules that did not run, as nothing lets them meet the floor; empty where all did. */
export function unableSentence(
  units: readonly { readonly name: string; readonly unable?: readonly string[] }[],
): string {
  const missing = units.flatMap(({ name, unable = [] }) => unable.map((rule) => `${rule} (${name})`));
  return missing.length === 0
    ? ''
    : ` Did not run, as nothing lets them meet the floor: ${missing.join(', ')}.`;
}

/** Frames below the floor in all phases of the run that were watched. */
export const belowFloor = ({ floorViolations, warmup, learning }: ArrivalsRule): number =>
  floorViolations + (warmup?.floorViolations ?? 0) + (learning?.floorViolations ?? 0);

export const floorName = ({ label }: { readonly label: string }): string =>
  label === 'none' ? 'no floor' : `floor ${label}`;

export const users = (count: number): string => (count === 1 ? '1 user' : `${count} users`);

/** The title, with the number of users where it does not tell. */
export const titled = (unit: { readonly title: string; readonly users: number }): string =>
  /\busers?\b/.test(unit.title) ? unit.title : `${unit.title}, ${users(unit.users)}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The columns that say of which unit a row is. */
export const unitColumns: readonly Column<{ readonly unit: ExperimentResult }>[] = [
  { head: 'Experiment', cell: ({ unit }) => cellShort(unit) },
  { head: 'Users', cell: ({ unit }) => unit.users, figures: true },
  { head: 'Floor', cell: ({ unit }) => unit.floor.label },
];
