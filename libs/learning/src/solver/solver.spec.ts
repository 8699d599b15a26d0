import { percentile, seededRandom } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bruteForce } from './brute-force.ts';
import { solveLarge } from './large.ts';
import { type Assignment, type AssignmentProblem, remoteCost } from './problem.ts';
import { solveSmall } from './small.ts';
import { solveAssignment } from './solve.ts';
import { fleetProblem, randomProblem } from './solver.fixture.ts';

const seed = fc.integer({ min: 0, max: 2 ** 31 });

/** Cost and surplus of an assignment, added up anew from the problem. */
function audit(problem: AssignmentProblem, { targets, variants }: Assignment) {
  let cost = 0;
  let surplus = 0;
  targets.forEach((target, device) => {
    if (target < 0) {
      const option = problem.local[device]!.find(({ variant }) => variant === variants[device])!;
      cost += option.cost;
      surplus += option.surplus;
    } else {
      const access = problem.remote[device]![target]!;
      const option = access.options.find(({ variant }) => variant === variants[device])!;
      cost += remoteCost(
        problem.nodes[target]!,
        access,
        option,
        targets.filter((other) => other === target).length,
      );
      surplus += option.surplus;
    }
  });
  return { cost, surplus };
}

/** How many there are, whether above the floor or not. */
const assignments = ({ local, remote }: AssignmentProblem): number =>
  local.reduce(
    (product, own, i) =>
      product * (own.length + remote[i]!.reduce((sum, access) => sum + (access?.options.length ?? 0), 0)),
    1,
  );

/** Expects the same of both; whether there is an assignment above the floor. */
function equalsBruteForce(problem: AssignmentProblem): boolean {
  const reference = bruteForce(problem);
  const solution = solveAssignment(problem);
  expect(solution?.cost ?? Infinity).toBeCloseTo(reference?.cost ?? Infinity, 6);
  expect(solution?.gap ?? 0).toBe(0);
  return reference !== undefined;
}

describe('solveAssignment', () => {
  it('equals brute force on four hundred fixed cells', () => {
    let solved = 0;
    for (let start = 1; start <= 400; start++) {
      const problem = randomProblem(seededRandom(start), { n: 2 + (start % 4) });
      if (assignments(problem) <= 20_000 && equalsBruteForce(problem)) solved++;
    }
    expect(solved).toBeGreaterThan(200);
  });

  it('equals brute force on random heterogeneous cells of up to five devices', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 5 }), (start, n) => {
        const problem = randomProblem(seededRandom(start), { n });
        fc.pre(assignments(problem) <= 20_000);
        equalsBruteForce(problem);
      }),
      { numRuns: 1_500 },
    );
  });

  it('adds up: cost and surplus are those of the assignment, the floor holds', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 40 }), (start, n) => {
        const problem = randomProblem(seededRandom(start), { n, nodes: 2 });
        const solution = solveAssignment(problem);
        fc.pre(solution !== undefined);
        const audited = audit(problem, solution);
        expect(audited.cost).toBeCloseTo(solution.cost, 6);
        expect(audited.surplus).toBeCloseTo(solution.surplus, 9);
        expect(solution.surplus).toBeGreaterThanOrEqual(-1e-9);
        expect(solution.lowerBound).toBeLessThanOrEqual(solution.cost);
      }),
      { numRuns: 150 },
    );
  });

  it('equals plain dynamic programming over counts and accuracy for six to fourteen devices', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 6, max: 14 }), (start, n) => {
        const problem = fleetProblem(seededRandom(start), n, { accuracyStep: 0.01 });
        const solution = solveAssignment(problem);
        expect(solution?.cost ?? Infinity).toBeCloseTo(plainDynamicProgramming(problem, 0.01), 6);
      }),
      { numRuns: 12 },
    );
  });

  it('bounds the gap of 500 devices by 0.1 % at the median and 0.15 % at worst', () => {
    fc.assert(
      fc.property(fc.array(fc.noBias(seed), { minLength: 12, maxLength: 12 }), (starts) => {
        const gaps = starts.map((start) => solveAssignment(fleetProblem(seededRandom(start), 500))!.gap);
        expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...gaps)).toBeLessThanOrEqual(0.0015);
        expect(percentile(gaps, 0.5)).toBeLessThanOrEqual(0.001);
      }),
      { numRuns: 1, endOnFailure: true },
    );
  });

  it('knows when nothing meets the constraints', () => {
    const local = [[{ variant: 0, cost: 1, surplus: -0.1 }]];
    expect(solveAssignment({ local, nodes: [], remote: [[]] })).toBeUndefined();
    expect(solveAssignment({ local: [[]], nodes: [], remote: [[]] })).toBeUndefined();
  });
});

describe('solveLarge', () => {
  it('never bounds above the optimum nor undercuts it', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 3, max: 10 }), (start, n) => {
        const problem = randomProblem(seededRandom(start), { n, nodes: 2 });
        const exact = solveSmall(problem);
        const large = solveLarge(problem);
        expect(large === undefined).toBe(exact === undefined);
        fc.pre(exact !== undefined);
        expect(large!.lowerBound).toBeLessThanOrEqual(exact.cost + 1e-6);
        expect(large!.cost).toBeGreaterThanOrEqual(exact.cost - 1e-6);
      }),
      { numRuns: 200 },
    );
  });
});

/**
 * For every vector of counts: least cost over (device, used places, accuracy in whole steps), in one flat table. No
 * bounds, no prices, no lists of partial solutions. Accuracies must be multiples of `step`; two nodes.
 */
function plainDynamicProgramming(problem: AssignmentProblem, step: number): number {
  const n = problem.local.length;
  const steps = (surplus: number) => Math.round(surplus / step);
  const span = 25 * n;
  let best = Infinity;
  for (let k1 = 0; k1 <= n; k1++) {
    for (let k2 = 0; k1 + k2 <= n; k2++) {
      const at = (a: number, b: number, sum: number) => (a * (k2 + 1) + b) * (2 * span + 1) + sum + span;
      const size = (k1 + 1) * (k2 + 1) * (2 * span + 1);
      let table = new Float64Array(size).fill(Infinity);
      table[at(0, 0, 0)] = 0;
      for (let i = 0; i < n; i++) {
        const options = [
          ...problem.local[i]!.map(({ cost, surplus }) => ({ a: 0, b: 0, cost, gain: steps(surplus) })),
          ...problem.nodes.flatMap((node, j) => {
            const access = problem.remote[i]![j];
            const k = j === 0 ? k1 : k2;
            if (!access || k === 0) return [];
            return access.options.map((option) => ({
              a: j === 0 ? 1 : 0,
              b: j === 1 ? 1 : 0,
              cost: remoteCost(node, access, option, k),
              gain: steps(option.surplus),
            }));
          }),
        ];
        const next = new Float64Array(size).fill(Infinity);
        for (let a = 0; a <= k1; a++)
          for (let b = 0; b <= k2; b++)
            for (let sum = -span; sum <= span; sum++) {
              const cost = table[at(a, b, sum)]!;
              if (cost === Infinity) continue;
              for (const option of options) {
                if (a + option.a > k1 || b + option.b > k2) continue;
                const to = at(a + option.a, b + option.b, sum + option.gain);
                next[to] = Math.min(next[to]!, cost + option.cost);
              }
            }
        table = next;
      }
      for (let sum = 0; sum <= span; sum++) best = Math.min(best, table[at(k1, k2, sum)]!);
    }
  }
  return best;
}
