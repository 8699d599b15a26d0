/**
 * Whether three looks at a frame would pay where two do: `npx node libs/inference/three-looks.ts [VALIDATION_SCENES]
 * [TEST_SCENES]`. Least mean cost of a frame at some accuracies with one look, up to two, and up to three, each by a variant at
 * least as accurate as the one before. Thresholds come from the scenes that the curves are measured on, what is printed
 * from the test scenes. Needs the Debian package dataset-fashion-mnist. Prints Markdown.
 */
import { FailedPrecondition } from '@weir/base';
import { loadGarments } from './src/catalogue/garments.ts';
import { scenePictures } from './src/catalogue/labelled-pictures.ts';
import { loadFamily } from './src/catalogue/manifest.ts';
import { measureAccuracy } from './src/catalogue/measure-accuracy.ts';
import { LOOKS_SEED, TEST_SEED } from './src/catalogue/scenes.ts';
import type { Answers } from './src/looks/estimate-curves.ts';
import { nonIncreasingMeans } from './src/looks/isotonic-means.ts';
import { EVERY_MARGIN, marginBins } from './src/looks/margin-bins.ts';
import { answersOf } from './src/looks/measure-curves.ts';
import { startRunner } from './src/serving/runner.ts';

const [validationScenes = 20_000, testScenes = 10_000] = process.argv.slice(2).map(Number);
/** Prices of accuracy that frontiers are made of, in costs of the dearest variant per unit of accuracy. */
const PRICES = Array.from({ length: 30 }, (_, at) => 0.3 * 10 ** (at / 10));
/** Rounds in which a chain's thresholds settle: each is best for the frames that the other sends on. */
const ROUNDS = 3;

const family = await loadFamily();
const validation = await answersTo('validation', LOOKS_SEED, validationScenes);
const test = await answersTo('test', TEST_SEED, testScenes);
const variants = family.variants.map((_, at) => at);
const accuracies = validation.map(({ right }) => share(right));
const binsOf = (margins: readonly number[]) =>
  marginBins(margins, Math.min(25, Math.floor(margins.length / 50)));
const firstBins = validation.map(({ margins }) => binsOf(margins));
const best = Math.max(...accuracies);
const floors = [best - 0.0005, best - 0.009, 0.85, 0.8];

const reference = family.variants.map(({ referenceMs }) => referenceMs!);
const relative = reference.map((ms) => ms / Math.max(...reference));
report('on one processor, ms as in the manifest', reference);
// The profile `contended` of libs/simulation: every look where it is quickest when nobody else is there.
report(
  'in a cell, quickest of device (12 + 478 ms · relative time), edge (60 + 240) and cloud (60 + 260)',
  relative.map((time) => Math.min(12 + 478 * time, 60 + 240 * time)),
);

/** Looks in order, each but the last with the margin below which the next follows. */
interface Chain {
  readonly looks: readonly number[];
  readonly marginsBelow: readonly number[];
}

interface Point {
  readonly chain: Chain;
  readonly cost: number;
  readonly accuracy: number;
}

function report(title: string, costs: readonly number[]): void {
  const chains = (longest: number): readonly (readonly number[])[] =>
    longest === 1
      ? variants.map((variant) => [variant])
      : chains(longest - 1).flatMap((looks) =>
          variants
            .filter((next) => !looks.includes(next) && accuracies[next]! >= accuracies[looks.at(-1)!]!)
            .map((next) => [...looks, next]),
        );
  const dearest = Math.max(...costs);
  const pointsOf = (longest: number) =>
    chains(longest).flatMap((looks) =>
      (longest === 1 ? [0] : PRICES).map((price) =>
        evaluated(fitted(looks, costs, price * dearest), costs, validation),
      ),
    );
  const points: Point[] = [];
  const hulls = [1, 2, 3].map((longest) => {
    points.push(...pointsOf(longest));
    return lowerHull(points);
  });
  console.log(`\nCosts ${title}:\n`);
  console.log(
    '| accuracy | one look | two | three | three over two | right on the test scenes, two, three | three over two as right there | three looks |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  const twoOnTest = hulls[1]!.map(({ chain }) => evaluated(chain, costs, test));
  for (const floor of floors) {
    const [one, two, three] = hulls.map((hull) => mixAt(hull, floor, costs)) as [Mix, Mix, Mix];
    const over = (other: number, cost: number) =>
      `${(100 * (cost / other - 1)).toFixed(1).replace('-', '−')} %`;
    const percent = (accuracy: number) => (100 * accuracy).toFixed(2);
    console.log(
      `| ${percent(floor)} % | ${one.cost.toFixed(3)} | ${two.cost.toFixed(3)} | ${three.cost.toFixed(3)} ` +
        `| ${over(two.cost, three.cost)} | ${percent(two.test.accuracy)}, ${percent(three.test.accuracy)} % ` +
        `| ${over(leastCostAt(twoOnTest, three.test.accuracy), three.test.cost)} | ${three.chains} |`,
    );
  }
}

/** Of all mixes of two neighbours that reach an accuracy; Infinity when none does. */
function leastCostAt(points: readonly Point[], accuracy: number): number {
  let least = Infinity;
  points.forEach((to, at) => {
    const from = points[Math.max(0, at - 1)]!;
    if (to.accuracy >= accuracy) least = Math.min(least, to.cost);
    if (from.accuracy >= accuracy === to.accuracy >= accuracy) return;
    const part = (accuracy - from.accuracy) / (to.accuracy - from.accuracy);
    least = Math.min(least, from.cost + part * (to.cost - from.cost));
  });
  return least;
}

/** Thresholds of least cost − price · accuracy on the validation scenes. */
function fitted(looks: readonly number[], costs: readonly number[], price: number): Chain {
  const marginsBelow = looks.slice(1).map(() => EVERY_MARGIN);
  const rightOf = (at: number, scene: number) => Number(validation[looks[at]!]!.right[scene]);
  const marginOf = (at: number, scene: number) => validation[looks[at]!]!.margins[scene]!;
  /** What the looks after number `at` are worth to a scene. */
  const worthAfter = (at: number, scene: number): number => {
    const next = at + 1;
    const own = price * (rightOf(next, scene) - rightOf(at, scene)) - costs[looks[next]!]!;
    const goesOn = next < marginsBelow.length && marginOf(next, scene) < marginsBelow[next]!;
    return goesOn ? own + worthAfter(next, scene) : own;
  };
  for (let round = 0; round < ROUNDS; round++)
    for (let at = marginsBelow.length - 1; at >= 0; at--) {
      const scenes = scenesBefore(at, looks, marginsBelow, validation);
      const bins = at === 0 ? firstBins[looks[0]!]! : binsOf(scenes.map((scene) => marginOf(at, scene)));
      const worth = nonIncreasingMeans(
        bins.map(({ pictures }) =>
          pictures.reduce((sum, picture) => sum + worthAfter(at, scenes[picture]!), 0),
        ),
        bins.map(({ pictures }) => pictures.length),
      );
      const last = worth.findLastIndex((mean) => mean > 0);
      marginsBelow[at] = last < 0 ? 0 : bins[last]!.marginBelow;
    }
  return { looks, marginsBelow };
}

/** The scenes that look number `at` is taken at. */
function scenesBefore(
  at: number,
  looks: readonly number[],
  marginsBelow: readonly number[],
  answers: readonly Answers[],
): readonly number[] {
  let scenes = answers[0]!.margins.map((_, scene) => scene);
  for (let look = 0; look < at; look++) {
    const { margins } = answers[looks[look]!]!;
    scenes = scenes.filter((scene) => margins[scene]! < marginsBelow[look]!);
  }
  return scenes;
}

function evaluated(chain: Chain, costs: readonly number[], answers: readonly Answers[]): Point {
  const { looks, marginsBelow } = chain;
  const all = answers[0]!.margins.length;
  let cost = 0;
  let right = 0;
  looks.forEach((variant, at) => {
    const scenes = scenesBefore(at, looks, marginsBelow, answers);
    cost += (scenes.length / all) * costs[variant]!;
    const { margins, right: rights } = answers[variant]!;
    const last = at === marginsBelow.length;
    right += scenes.filter((scene) => rights[scene] && (last || margins[scene]! >= marginsBelow[at]!)).length;
  });
  return { chain, cost, accuracy: right / all };
}

/** Of rising accuracy and cost, what no mix of others is better than. */
function lowerHull(points: readonly Point[]): readonly Point[] {
  const hull: Point[] = [];
  const slope = (a: Point, b: Point) => (b.cost - a.cost) / (b.accuracy - a.accuracy);
  for (const point of points.toSorted((a, b) => a.accuracy - b.accuracy || a.cost - b.cost)) {
    while (hull.length > 0 && hull.at(-1)!.cost >= point.cost) hull.pop();
    if (hull.at(-1)?.accuracy === point.accuracy) continue;
    while (hull.length > 1 && slope(hull.at(-2)!, hull.at(-1)!) >= slope(hull.at(-1)!, point)) hull.pop();
    hull.push(point);
  }
  return hull;
}

interface Mix {
  readonly cost: number;
  readonly test: { readonly cost: number; readonly accuracy: number };
  readonly chains: string;
}

/** The mix of two neighbours on the hull that has this accuracy on the validation scenes, or the cheapest point above it. */
function mixAt(hull: readonly Point[], accuracy: number, costs: readonly number[]): Mix {
  const above = Math.max(
    0,
    hull.findIndex((point) => point.accuracy >= accuracy),
  );
  const [from, to] = [hull[Math.max(0, above - 1)]!, hull[above]!];
  const part = above === 0 ? 1 : (accuracy - from.accuracy) / (to.accuracy - from.accuracy);
  const mix = (a: number, b: number) => a + part * (b - a);
  const [testFrom, testTo] = [from, to].map(({ chain }) => evaluated(chain, costs, test)) as [Point, Point];
  const nameOf = ({ looks }: Chain) =>
    looks.map((variant) => family.variants[variant]!.name.replace('mobilenet-v1-', '')).join(' → ');
  return {
    cost: mix(from.cost, to.cost),
    test: { cost: mix(testFrom.cost, testTo.cost), accuracy: mix(testFrom.accuracy, testTo.accuracy) },
    chains: [...new Set([from, to].map(({ chain }) => nameOf(chain)))].join(' or '),
  };
}

async function answersTo(split: 'validation' | 'test', seed: number, count: number): Promise<Answers[]> {
  const garments = await loadGarments(split);
  if (!garments) throw new FailedPrecondition('install the Debian package dataset-fashion-mnist');
  const pictures = scenePictures(garments, { seed, count });
  await using runner = await startRunner({ family });
  const answers: Answers[] = [];
  for (const { name } of family.variants)
    answers.push(answersOf(name, await measureAccuracy({ runner, variant: name, pictures }), pictures));
  return answers;
}

function share(right: readonly boolean[]): number {
  return right.filter(Boolean).length / right.length;
}
