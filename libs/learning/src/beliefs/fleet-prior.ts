import { median } from '@weir/base';
import { type Component, mixtureOf } from './mixture.ts';
import type { BeliefPrior, BlockPrior, BlockRole } from './prior.ts';
import { type CellWitness, firstCovariance, type RoleWitness, sharesOf } from './witness.ts';

/** Share of the cells whose spread counts: as many as are left may say what they like. */
const believedShare = 0.8;
/** A cell that lies further from the middle, in spreads, counts as if it lay there. */
const widestSpreads = 3;

/**
 * What cells have learned as the prior of a new one. Each cell is one witness of a role, however many devices it has, and
 * counts in each weight by what it has tested; what is known without any cell is one witness more, so that a single cell makes
 * nobody sure. Undefined where no cell has measured anything.
 */
export function priorOf(cells: readonly CellWitness[]): BeliefPrior | undefined {
  const known = cells.filter(({ roles }) => roles.size > 0);
  if (known.length === 0) return undefined;
  const roles = Map.groupBy(
    known.flatMap((cell) => [...cell.roles].map(([role, witness]) => ({ role, witness }))),
    ({ role }) => role,
  );
  const noiseOf = (group: keyof BeliefPrior['noise']) => {
    const measured = known.flatMap(({ noise }) => noise[group] ?? []);
    return measured.length > 0 ? { [group]: median(measured) } : {};
  };
  return {
    cells: known.reduce((sum, { cells: each }) => sum + each, 0),
    blocks: Object.fromEntries(
      [...roles].map(([role, each]) => [
        role,
        combined(
          role,
          each.map(({ witness }) => witness),
        ),
      ]),
    ),
    noise: { ...noiseOf('local'), ...noiseOf('nodes'), ...noiseOf('links') },
  };
}

function combined(role: BlockRole, witnesses: readonly RoleWitness[]): BlockPrior {
  const priorMs = median(witnesses.map((each) => each.priorMs));
  const cells = withoutOutliers(witnesses);
  const shares = witnesses.map(sharesOf);
  const { mean } = mixtureOf(cells, shares);
  const guess = { mean, covariance: firstCovariance(role, priorMs) };
  const { covariance } = mixtureOf([...cells, guess], [...shares, mean.map(() => 1)]);
  return { mean, covariance, priorMs };
}

/**
 * Each weight's means and deviations cut at some spreads of the others around their median, so that what one cell says moves
 * the result by no more than that. Source: winsorising, Huber & Ronchetti 2009, "Robust Statistics", chapter 1.
 */
function withoutOutliers(cells: readonly Component[]): Component[] {
  const d = cells[0]!.mean.length;
  const limits = Array.from({ length: d }, (_, i) => {
    const middle = median(cells.map(({ mean }) => mean[i]!));
    const apart = cells.map(({ mean }) => Math.abs(mean[i]! - middle)).sort((a, b) => a - b);
    const spread = apart[Math.floor(believedShare * (apart.length - 1))]!;
    const doubt = median(cells.map(({ covariance }) => deviationOf(covariance, i, d)));
    return { middle, reach: widestSpreads * Math.max(spread, doubt) };
  });
  return cells.map(({ mean, covariance }) => {
    const shrink = limits.map(({ reach }, i) => {
      const deviation = deviationOf(covariance, i, d);
      return deviation > reach ? reach / deviation : 1;
    });
    return {
      mean: mean.map((value, i) => {
        const { middle, reach } = limits[i]!;
        return Math.min(middle + reach, Math.max(middle - reach, value));
      }),
      covariance: covariance.map((value, at) => value * shrink[Math.floor(at / d)]! * shrink[at % d]!),
    };
  });
}

const deviationOf = (covariance: readonly number[], i: number, d: number): number =>
  Math.sqrt(Math.max(0, covariance[i * d + i]!));
