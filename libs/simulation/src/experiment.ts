/** The paper's experiments differ in which devices have a weak link (after the paper as recalled, not verified). */
export type ExperimentName = 'A' | 'B' | 'C' | 'D';

export const experimentNames: readonly ExperimentName[] = ['A', 'B', 'C', 'D'];

/** Device numbers, from 1, with a weak link in the five-user cell; more users repeat the pattern. */
const weakDevices: Readonly<Record<ExperimentName, readonly number[]>> = {
  A: [],
  B: [2, 4],
  C: [1, 3, 4],
  D: [1, 2, 3, 4, 5],
};

/** True when device `index` (from 0) has a weak link. */
export const isWeak = (experiment: ExperimentName, index: number): boolean =>
  weakDevices[experiment].includes((index % 5) + 1);
