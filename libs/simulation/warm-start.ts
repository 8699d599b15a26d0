/**
 * What a prior from other cells is worth: planners learn in CELLS other cells of unequal devices; the planner of a new
 * cell then starts with and without what they know: `npx node libs/simulation/warm-start.ts [CELLS] [SEEDS]`. Other
 * experiments and floors than the new cell's are among them. Prints Markdown: medians of the seeds.
 */
import { median, seededRandom } from '@weir/base';
import { type BeliefPrior, createLearner, priorFrom } from '@weir/learning';
import { EpochCell, experimentNames, optimum, paperFloors, profileNames } from './src/index.ts';

const [cells = 20, seeds = 10] = process.argv.slice(2).map(Number);
const learned = 200;
const steps = 150;
/** Those in which a new cell is served by what it began with. */
const firstSteps = 10;
const firstSeedElsewhere = 1001;

type CellOptions = ConstructorParameters<typeof EpochCell>[1];

/** One planner in one cell; regret in ms, worst response of the first steps relative to the optimum. */
function run(options: CellOptions, seed: number, epochs: number, prior?: BeliefPrior) {
  const cell = new EpochCell(seededRandom(seed).fork('cell'), options);
  const random = seededRandom(seed).fork('learner');
  const planner = createLearner('planner', { random, actionSpace: 'paper', ...(prior && { prior }) });
  const optimumMs = optimum(cell)!.meanMs;
  const floor = cell.options.floor;
  let [regretMs, firstRegretMs] = [0, 0];
  let worst = 1;
  let violations = 0;
  for (let epoch = 0; epoch < epochs; epoch++) {
    planner.observe(cell.observation());
    const { placements, probes } = planner.propose();
    const { outcomes, probes: shadows, expectedMs, accuracy } = cell.run(placements, probes);
    planner.learn([...outcomes, ...shadows]);
    regretMs += expectedMs - optimumMs;
    if (epoch < firstSteps) {
      firstRegretMs = regretMs;
      worst = Math.max(worst, expectedMs / optimumMs);
    }
    if (accuracy < floor - 1e-9) violations++;
  }
  return { planner, regretMs, firstRegretMs, worst, violations };
}

console.log(
  `| profile | floor | prior | regret of the first ${firstSteps} steps, ms | of the first ${steps} | worst of the first ${firstSteps} | below the floor |`,
);
console.log('|---|---|---|---|---|---|---|');
for (const profile of profileNames) {
  const prior = priorFrom(
    Array.from({ length: cells }, (_, at) => {
      const experiment = experimentNames[at % experimentNames.length]!;
      // Floors of the neighbours: every one of the paper's, so that the prior also crosses floors.
      const floor = paperFloors[at % paperFloors.length]!;
      const options = { profile, experiment, floor, heterogeneous: true };
      return run(options, firstSeedElsewhere + at, learned).planner.snapshot();
    }),
  );
  for (const floor of [0.85, 0.89]) {
    for (const [title, given] of [
      ['none', undefined],
      [`${cells} cells`, prior],
    ] as const) {
      const results = Array.from({ length: seeds }, (_, at) =>
        run({ profile, floor, heterogeneous: true }, 1 + at, steps, given),
      );
      console.log(
        `| ${profile} | ${floor} | ${title} | ${median(results.map((r) => r.firstRegretMs)).toFixed(0)} ` +
          `| ${median(results.map((r) => r.regretMs)).toFixed(0)} ` +
          `| ${median(results.map((r) => r.worst)).toFixed(2)} × | ${results.reduce((sum, r) => sum + r.violations, 0)} |`,
      );
    }
  }
}
