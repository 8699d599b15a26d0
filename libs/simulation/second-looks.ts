/**
 * What second looks are worth in synchronous epochs: the planner with and without the curves of the shipped family, and
 * offload-only, in the paper's experiments: `npx node libs/simulation/second-looks.ts [SEEDS] [INTERACTIONS] [USERS]`.
 * Accuracies and curves are the family's, sizes and times those of the paper's variants of the same names. Prints Markdown.
 */
import { mean } from '@weir/base';
import type { LookCurves, Variant } from '@weir/domain';
import { readFileSync } from 'node:fs';
import { type EpochCellOptions, experimentNames, paperFamily, runLearning } from './src/index.ts';

const [seeds = 3, interactions = 200, users = 5] = process.argv.slice(2).map(Number);

interface Manifest {
  readonly variants: readonly { readonly name: string; readonly accuracy: { readonly top1: number } }[];
  readonly looks: Omit<LookCurves, 'version'>;
}
const manifest = JSON.parse(
  readFileSync(new URL('../inference/models/manifest.json', import.meta.url), 'utf8'),
) as Manifest;
const measured = new Map(manifest.variants.map(({ name, accuracy }) => [name, accuracy.top1]));
const variants = paperFamily.map((variant): Variant => ({
  ...variant,
  accuracy: measured.get(variant.name)!,
}));
const looks: LookCurves = { ...manifest.looks, version: 'shipped' };
const best = Math.max(...variants.map(({ accuracy }) => accuracy));

function run(learner: string, cell: EpochCellOptions) {
  const results = Array.from({ length: seeds }, (_, index) =>
    runLearning({ learner, cell: { users, variants, ...cell }, interactions, seed: 1 + index }),
  );
  return {
    ms: mean(results.map(({ responseMs }) => responseMs)),
    accuracy: mean(results.map(({ accuracy }) => accuracy)),
    violations: results.reduce((sum, { floorViolations }) => sum + floorViolations, 0),
    stepMs: mean(results.map(({ stepMs }) => stepMs)),
  };
}

console.log(`n = ${users}, ${seeds} seeds, ${interactions} interactions, what was run at the end, ms:\n`);
console.log(
  '| experiment | floor, points below the best | offload-only | one look | two looks | against offload-only | against one look | accuracy | below the floor |',
);
console.log('|---|---|---|---|---|---|---|---|---|');
for (const experiment of experimentNames)
  for (const below of [0.009, 0.0005]) {
    const cell = { experiment, floor: best - below };
    const [offload, once, twice] = [
      run('offload-only', cell),
      run('planner', cell),
      run('planner', { ...cell, looks }),
    ];
    const less = (than: { ms: number }) => `−${(100 * (1 - twice.ms / than.ms)).toFixed(0)} %`;
    console.log(
      `| ${experiment} | ${(100 * below).toFixed(2)} | ${offload.ms.toFixed(0)} | ${once.ms.toFixed(0)} | ${twice.ms.toFixed(0)} ` +
        `| ${less(offload)} | ${less(once)} | ${(100 * twice.accuracy).toFixed(2)} % | ${twice.violations} |`,
    );
  }
