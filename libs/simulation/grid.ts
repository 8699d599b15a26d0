/**
 * The planner in every experiment × floor × number of users of the paper, against the oracle; and offload-only against
 * it at the 0.89 floor: `npx node libs/simulation/grid.ts [SEEDS] [INTERACTIONS] [PROFILE]`. Prints Markdown.
 */
import { mean } from '@weir/base';
import type { LearnerName } from '@weir/learning';
import {
  type ExperimentName,
  experimentNames,
  paperFamily,
  paperFloors,
  type ProfileName,
  runLearning,
} from './src/index.ts';

const [seeds = '3', interactions = '200', profile = 'contended'] = process.argv.slice(2);
const users = [1, 2, 3, 4, 5];
const offloadFloor = 0.89;

interface Place {
  readonly experiment: ExperimentName;
  readonly floor: number;
  readonly users: number;
}

const run = (learner: LearnerName, place: Place) =>
  Array.from({ length: Number(seeds) }, (_, index) =>
    runLearning({
      learner,
      cell: { ...place, profile: profile as ProfileName },
      interactions: Number(interactions),
      seed: 1 + index,
    }),
  );
const best = Math.max(...paperFamily.map(({ accuracy }) => accuracy));
const floorName = (floor: number) =>
  floor === 0 ? 'none' : floor === best ? 'best' : `${(100 * floor).toFixed(0)} %`;

let violations = 0;
let worst = 0;
console.log(
  `Gap to the oracle at the end, %, the worst of ${seeds} seeds (${profile}, ${interactions} interactions):\n`,
);
console.log(`| experiment | floor | ${users.map((n) => `n = ${n}`).join(' | ')} |`);
console.log(`|---|---|${'---|'.repeat(users.length)}`);
for (const experiment of experimentNames) {
  for (const floor of paperFloors) {
    const gaps = users.map((n) => {
      const results = run('planner', { experiment, floor, users: n });
      violations += results.reduce((sum, { floorViolations }) => sum + floorViolations, 0);
      return Math.max(...results.map(({ gapPct }) => gapPct));
    });
    worst = Math.max(worst, ...gaps);
    console.log(`| ${experiment} | ${floorName(floor)} | ${gaps.map((gap) => gap.toFixed(2)).join(' | ')} |`);
  }
}
console.log(`\nWorst gap ${worst.toFixed(2)} %, floor violations ${violations}.`);

console.log(
  `\nOffload-only against the planner, floor ${floorName(offloadFloor)}, n = 5, what was run at the end:\n`,
);
console.log('| experiment | offload-only ms | planner ms | faster | accuracy lost, points |');
console.log('|---|---|---|---|---|');
for (const experiment of experimentNames) {
  const [offload, planner] = (['offload-only', 'planner'] as const).map((learner) => {
    const results = run(learner, { experiment, floor: offloadFloor, users: 5 });
    return {
      ms: mean(results.map(({ responseMs }) => responseMs)),
      accuracy: mean(results.map(({ accuracy }) => accuracy)),
    };
  }) as [{ ms: number; accuracy: number }, { ms: number; accuracy: number }];
  console.log(
    `| ${experiment} | ${offload.ms.toFixed(1)} | ${planner.ms.toFixed(1)} ` +
      `| ${(100 * (1 - planner.ms / offload.ms)).toFixed(1)} % | ${(100 * (offload.accuracy - planner.accuracy)).toFixed(2)} |`,
  );
}
