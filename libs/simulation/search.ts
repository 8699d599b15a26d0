/**
 * The recorded search of hyperparameters for the learned baselines: `npx node libs/simulation/search.ts [SEEDS]
 * [INTERACTIONS] [dqn|hybrid]`. Contended, A, floor 0.89, five users; one Markdown row per configuration.
 */
import { percentile } from '@weir/base';
import type { LearnerName } from '@weir/policy';
import { runLearning } from './src/index.ts';

const [seeds = '2', interactions = '5000', only = ''] = process.argv.slice(2);

type Row = readonly [learner: LearnerName, options: Readonly<Record<string, unknown>>];

const small = { hidden: [32, 32] };
const dqn: Row[] = [
  // Heads, with and without the floor mask.
  ['dqn', { head: 'summed', epsilonEpochs: 1000 }],
  ['dqn', { head: 'action-input', epsilonEpochs: 1000 }],
  ['dqn', { head: 'summed', epsilonEpochs: 1000, floorMask: true }],
  ['dqn', { head: 'joint', epsilonEpochs: 1000, floorMask: true }],
  ['dqn', { head: 'action-input', epsilonEpochs: 1000, floorMask: true }],
  // Learning rate.
  ['dqn', { head: 'action-input', epsilonEpochs: 1000, floorMask: true, learningRate: 3e-4 }],
  ['dqn', { head: 'action-input', epsilonEpochs: 1000, floorMask: true, learningRate: 3e-3 }],
  ['dqn', { head: 'joint', epsilonEpochs: 1000, floorMask: true, learningRate: 1e-2 }],
  ['dqn', { head: 'summed', epsilonEpochs: 1000, learningRate: 3e-3 }],
  // Exploration.
  ['dqn', { head: 'action-input', epsilonEpochs: 300, floorMask: true, epsilonEnd: 0.02 }],
  [
    'dqn',
    { head: 'action-input', epsilonEpochs: 300, floorMask: true, epsilonEnd: 0.01, learningRate: 3e-3 },
  ],
  ['dqn', { head: 'action-input', epsilonEpochs: 3000, floorMask: true }],
  ['dqn', { head: 'action-input', epsilonEpochs: 300, epsilonEnd: 0.02 }],
  // Size, steps, penalty, discount.
  ['dqn', { head: 'action-input', epsilonEpochs: 300, epsilonEnd: 0.02, floorMask: true, ...small }],
  ['dqn', { head: 'action-input', epsilonEpochs: 300, epsilonEnd: 0.02, floorMask: true, stepsPerEpoch: 4 }],
  ['dqn', { head: 'action-input', epsilonEpochs: 1000, penaltyMs: 600 }],
  ['dqn', { head: 'summed', epsilonEpochs: 1000, penaltyMs: 600 }],
  ['dqn', { head: 'summed', epsilonEpochs: 1000, discount: 0.5 }],
];
const hybrid: Row[] = [
  ['hybrid', { head: 'summed', epsilonEpochs: 500, ...small }],
  ['hybrid', { head: 'summed', epsilonEpochs: 500, floorMask: true, ...small }],
  ['hybrid', { head: 'joint', epsilonEpochs: 500, floorMask: true, ...small }],
  ['hybrid', { head: 'action-input', epsilonEpochs: 500, floorMask: true, ...small }],
  ['hybrid', { head: 'action-input', epsilonEpochs: 300, epsilonEnd: 0.02, floorMask: true, ...small }],
  [
    'hybrid',
    {
      head: 'action-input',
      epsilonEpochs: 300,
      epsilonEnd: 0.01,
      floorMask: true,
      ...small,
      learningRate: 3e-3,
    },
  ],
  ['hybrid', { head: 'action-input', epsilonEpochs: 300, epsilonEnd: 0.02, ...small }],
  [
    'hybrid',
    { head: 'joint', epsilonEpochs: 300, epsilonEnd: 0.02, floorMask: true, ...small, learningRate: 1e-2 },
  ],
];

console.log(
  '| learner | options | to 1 % (each seed) | gap at the end % | regret ms | violations | ms/step |',
);
console.log('|---|---|---|---|---|---|---|');
for (const [learner, learnerOptions] of [...dqn, ...hybrid].filter(([name]) => !only || name === only)) {
  const results = Array.from({ length: Number(seeds) }, (_, index) =>
    runLearning({ learner, learnerOptions, cell: {}, interactions: Number(interactions), seed: 101 + index }),
  );
  const median = (values: number[]) => percentile(values, 0.5);
  console.log(
    `| ${learner} | \`${JSON.stringify(learnerOptions)}\` | ${results.map((r) => r.interactionsTo1pct ?? '–').join(', ')} ` +
      `| ${median(results.map((r) => r.gapPct)).toFixed(1)} | ${median(results.map((r) => r.regretMs)).toFixed(0)} ` +
      `| ${median(results.map((r) => r.floorViolations)).toFixed(0)} | ${median(results.map((r) => r.stepMs)).toFixed(2)} |`,
  );
}
