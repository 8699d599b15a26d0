/**
 * What the guard does in virtual time: `npx node libs/simulation/guard.ts [PART] [SEEDS] [VISIBLE]`, PART `drift`, `cost` or `bound`.
 * Pictures become harder in mid-run, which costs the smallest variant of the shipped family 5 points against the largest;
 * VISIBLE of that, 0..1, shows in its margins. Prints Markdown.
 */
import { mean, median, percentile } from '@weir/base';
import { shippedFamily } from './shipped-family.ts';
import { boundAbove, framesUntilBack, harderPictures, runGuarded } from './src/index.ts';

const [part = 'drift', seedsGiven = '20', visibleGiven = '0.33'] = process.argv.slice(2);
const [runs, visible] = [Number(seedsGiven), Number(visibleGiven)];

const family = shippedFamily();
const accuracyFloor = Math.max(...family.variants.map(({ accuracy }) => accuracy)) - 0.009;
const seeds = Array.from({ length: runs }, (_, index) => 1 + index);
const points = (fraction: number) => (100 * fraction).toFixed(2);

function drift(): void {
  const pictures = harderPictures(family, 0.05, visible);
  console.log(
    '| | frames until noticed, median | until back, median | p90 | frames 1,500–2,000 against the floor, points | mean, ms |',
  );
  console.log('|---|---|---|---|---|---|');
  for (const [name, guarded, auditShare] of [
    ['2 % audits', true, 0.02],
    ['no audits', true, 0],
    ['unguarded', false, 0],
  ] as const) {
    const all = seeds.map((seed) =>
      runGuarded({
        family,
        accuracyFloor,
        seed,
        guarded,
        auditShare,
        drift: pictures,
        frames: { before: 1_500, after: 3_000 },
      }),
    );
    const noticed = all.map(({ noticedAfter }) => noticedAfter);
    const back = all.map(({ afterDrift }) => framesUntilBack(afterDrift, accuracyFloor));
    const above = all.map(({ afterDrift }) => mean(afterDrift.slice(1_500, 2_000)) - accuracyFloor);
    console.log(
      `| ${name} | ${median(noticed)} | ${median(back)} | ${percentile(back, 0.9)} | ${points(mean(above))} | ${mean(all.map(({ meanMs }) => meanMs)).toFixed(0)} |`,
    );
  }
}

function cost(): void {
  const run = (seed: number, guarded: boolean) =>
    runGuarded({
      family,
      accuracyFloor,
      seed,
      guarded,
      auditShare: 0.01,
      frames: { before: 0, after: 5_000 },
    });
  const pairs = seeds.map((seed) => ({ guarded: run(seed, true), unguarded: run(seed, false) }));
  const ratio = mean(pairs.map(({ guarded, unguarded }) => guarded.meanMs / unguarded.meanMs));
  const corrected = mean(
    pairs.map(({ guarded: { guard } }) => guard.filter(({ correction }) => correction).length / guard.length),
  );
  console.log(
    `guarded over unguarded: ${ratio.toFixed(4)} of the response time; corrected ${points(corrected)} % of the time`,
  );
}

function bound(): void {
  const pictures = harderPictures(family, 0.05, visible);
  const frames = { before: 1_000, after: 1_000 };
  const above = seeds.filter((seed) =>
    boundAbove(
      runGuarded({ family, accuracyFloor, seed, guarded: true, auditShare: 0.02, drift: pictures, frames }),
    ),
  );
  console.log(`the bound was above the truth at any time in ${above.length} of ${runs} runs`);
}

({ drift, cost, bound })[part as 'drift' | 'cost' | 'bound']();
