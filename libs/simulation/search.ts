/**
 * The recorded search of hyperparameters for the learned baselines, around what was found best: `npx node
 * libs/simulation/search.ts [SEEDS] [INTERACTIONS] [dqn-masked|hybrid]`. Contended, A, floor 0.89, five users; one
 * Markdown row per configuration.
 */
import { median } from '@weir/base';
import type { LearnerName } from '@weir/learning';
import { runLearning } from './src/index.ts';

const [seeds = '2', interactions = '2500', only = ''] = process.argv.slice(2);

type Row = readonly [learner: LearnerName, options: Readonly<Record<string, unknown>>];

const dqn: Row[] = [
  ['dqn-masked', {}],
  // Heads, and without the floor mask.
  ['dqn-masked', { head: 'summed' }],
  ['dqn-masked', { head: 'joint' }],
  ['dqn-masked', { floorMask: false }],
  // Size, step and steps.
  ['dqn-masked', { hidden: [64] }],
  ['dqn-masked', { hidden: [64], learningRate: 3e-3, learningRateHalving: 500 }],
  ['dqn-masked', { learningRateHalving: 0 }],
  ['dqn-masked', { stepsPerEpoch: 1 }],
  // Exploration.
  ['dqn-masked', { epsilonEpochs: 1000 }],
];
const hybrid: Row[] = [
  ['hybrid', {}],
  ['hybrid', { head: 'summed' }],
  ['hybrid', { head: 'joint' }],
  ['hybrid', { floorMask: false }],
  ['hybrid', { hidden: [32, 32] }],
  ['hybrid', { learningRateHalving: 0 }],
  ['hybrid', { modelSteps: 4, planningSteps: 10 }],
];

console.log(
  '| learner | options | to 1 % (each seed) | gap at the end % | regret ms | violations | ms/step |',
);
console.log('|---|---|---|---|---|---|---|');
for (const [learner, learnerOptions] of [...dqn, ...hybrid].filter(([name]) => !only || name === only)) {
  const results = Array.from({ length: Number(seeds) }, (_, index) =>
    runLearning({ learner, learnerOptions, cell: {}, interactions: Number(interactions), seed: 101 + index }),
  );
  console.log(
    `| ${learner} | \`${JSON.stringify(learnerOptions)}\` | ${results.map((r) => r.interactionsTo1pct ?? '–').join(', ')} ` +
      `| ${median(results.map((r) => r.gapPct)).toFixed(1)} | ${median(results.map((r) => r.regretMs)).toFixed(0)} ` +
      `| ${median(results.map((r) => r.floorViolations)).toFixed(0)} | ${median(results.map((r) => r.stepMs)).toFixed(2)} |`,
  );
}
