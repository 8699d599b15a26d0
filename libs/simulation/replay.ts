/**
 * Whether `weir replay` tells what truly happens: `npx node libs/simulation/replay.ts [RUNS] [CASE…]`. Each run writes a
 * journal of four minutes in virtual time, replays it for another objective, and lets the same frames truly run under that
 * one, three times with new noise: does the interval hold the mean of these? Two devices with three of the shipped
 * family's variants, times of the paper's; weak links; Poisson frames at 60 % load. Prints Markdown.
 */
import { mean } from '@weir/base';
import type { Objective } from '@weir/domain';
import { shippedFamily } from './shipped-family.ts';
import { type ReplayTrial, replayTrial } from './src/index.ts';

const [runs = '25', ...only] = process.argv.slice(2);

const variantsUsed = ['0.50-int8', '1.00-int8', '1.00-fp32'].map((name) => `mobilenet-v1-${name}`);
const family = shippedFamily(variantsUsed);
const best = Math.max(...family.variants.map(({ accuracy }) => accuracy));
const below = (points: number) => ({ accuracyFloor: best - points / 100 });

interface Case {
  readonly name: string;
  readonly inForce: Partial<Objective>;
  readonly asked: Partial<Objective>;
  readonly askedLearner?: string;
  /** True: no figure may be given. A fifth of the runs tells. */
  readonly refused?: boolean;
}
const cases: readonly Case[] = [
  { name: 'looser', inForce: below(0.1), asked: below(0.6) },
  { name: 'tighter', inForce: below(0.45), asked: below(0.1) },
  { name: 'one-look', inForce: below(0.3), asked: { ...below(0.3), maxLooks: 1 } },
  { name: 'tail', inForce: below(0.3), asked: { ...below(0.3), tailWeight: 1 } },
  { name: 'no-overlap', inForce: { accuracyFloor: 0 }, asked: { ...below(0.1), maxLooks: 1 }, refused: true },
  { name: 'cloud-only', inForce: below(0.3), asked: below(0.3), askedLearner: 'cloud-only', refused: true },
];

console.log(
  '| case | figure given | interval holds | logged ms | estimate ms, mean | half width ms | truth ms | effective looks |',
);
console.log('|---|---|---|---|---|---|---|---|');
let [told, held] = [0, 0];
for (const { name, refused = false, ...each } of cases) {
  if (only.length > 0 && !only.includes(name)) continue;
  const trials: ReplayTrial[] = [];
  for (let seed = 1; seed <= Number(runs) / (refused ? 5 : 1); seed++) {
    const cell = { profile: 'contended', devices: 2, weak: [0, 1], family } as const;
    trials.push(
      await replayTrial({ ...each, cell, load: 0.6, durationMs: 241_000, resamples: 6, truths: 3, seed }),
    );
    const { result, truthMs, holds } = trials.at(-1)!;
    const { responseMs } = result.asked;
    process.stderr.write(
      `${name} ${seed}: ${responseMs ? `${responseMs.mean.toFixed(1)} (${responseMs.low.toFixed(1)} to ${responseMs.high.toFixed(1)})` : result.reasons.join('; ')}, truth ${truthMs.toFixed(1)} ${holds}\n`,
    );
  }
  const given = trials.filter(({ holds }) => holds !== undefined);
  const holding = given.filter(({ holds }) => holds);
  told += given.length;
  held += holding.length;
  const over = (of: (trial: ReplayTrial) => number, from = given) =>
    from.length > 0 ? mean(from.map(of)).toFixed(0) : '–';
  console.log(
    `| ${name} | ${given.length} of ${trials.length} | ${holding.length} of ${given.length} ` +
      `| ${over(({ result }) => result.logged.responseMs, trials)} ` +
      `| ${over(({ result }) => result.asked.responseMs!.mean)} ` +
      `| ${over(({ result: { asked } }) => (asked.responseMs!.high - asked.responseMs!.low) / 2)} ` +
      `| ${over(({ truthMs }) => truthMs)} ` +
      `| ${over(({ result }) => result.evidence.effectiveLooks)} |`,
  );
}
console.log(`\nThe interval held in ${held} of ${told} runs.`);
