import { median, percentile, type Random, seededRandom } from '@weir/base';
import { type AssignmentProblem, bruteForce, solveAssignment } from '@weir/learning';
import Table from 'cli-table3';
import { z } from 'zod';
import { paperActions, shippedActions, timeDispatch } from '../bench/dispatch-time.ts';
import { benchCell } from '../bench/plan-cell.ts';
import { breather } from '../breather.ts';
import { defineCommand } from '../command.ts';

const whole = (least: number) =>
  z.number('expected a number').int('expected a whole number').min(least, `must be >= ${least}`);

/** Targets, medians, ms. Source: the study behind the planner (docs/learning.md). */
const solveLimitMs: Readonly<Record<number, number>> = { 5: 0.3, 50: 5, 500: 20, 5000: 250 };
const dispatchLimitUs = { oneLook: 20, twoLooks: 5 };

export default defineCommand({
  name: 'weir bench plan',
  summary:
    'Time of one joint plan and its gap to the optimum; time of one dispatch, with one look a frame and with two.',
  schema: z.object({
    repeats: whole(1)
      .default(40)
      .describe('Random cells solved for each size (a fifth of them at 5,000 devices).'),
    frames: whole(1).default(20_000).describe('Frames dispatched.'),
    seed: whole(1).default(1).describe('Seed of the cells.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
  }),
  examples: ['weir bench plan', 'weir bench plan --repeats 200 --json'],
  async run({ repeats, frames, seed }, { signal, out, print, progress }) {
    const random = seededRandom(seed);
    const solve = [];
    for (const [users, limitMs] of Object.entries(solveLimitMs)) {
      progress(`solving cells of ${users} devices`);
      solve.push(
        await timeSolver(Number(users), users === '5000' ? Math.ceil(repeats / 5) : repeats, {
          random,
          limitMs,
          signal,
        }),
      );
    }
    progress('dispatching');
    const dispatch = {
      ...timeDispatch(paperActions(), { frames, seed }),
      limitUs: dispatchLimitUs.oneLook,
    };
    const twoLooks = {
      ...timeDispatch(await shippedActions(), { frames, seed }),
      limitUs: dispatchLimitUs.twoLooks,
    };
    out({ solve, dispatch, twoLooks });
    const rows = new Table({
      head: ['devices', 'solve p50', 'p95', 'CPU p50', 'to reach', 'gap p50', 'gap max', 'brute force p50'],
      style: { head: [], border: [] },
    });
    for (const { users, ms, cpuMs, limitMs, gapPct, bruteForceMs } of solve) {
      rows.push([
        String(users),
        `${ms.p50.toFixed(3)} ms`,
        `${ms.p95.toFixed(3)} ms`,
        `${cpuMs.p50.toFixed(3)} ms`,
        `${limitMs} ms`,
        `${gapPct.p50.toFixed(4)} %`,
        `${gapPct.max.toFixed(4)} %`,
        bruteForceMs === undefined ? '' : `${bruteForceMs.toFixed(1)} ms`,
      ]);
    }
    print(rows.toString());
    for (const { actions, us, limitUs, lookedAgain, emptyUs } of [dispatch, twoLooks])
      print(
        `one frame with its bookkeeping, ${actions} actions, ${(100 * lookedAgain).toFixed(0)} % second looks: ` +
          `p50 ${us.p50.toFixed(2)} µs, p99 ${us.p99.toFixed(2)} µs ` +
          `(target: ${limitUs} µs; an empty call timed the same way: ${emptyUs.toFixed(2)} µs)`,
      );
  },
});

async function timeSolver(
  users: number,
  repeats: number,
  { random, limitMs, signal }: { random: Random; limitMs: number; signal: AbortSignal },
) {
  const cells = Array.from({ length: repeats + 3 }, (_, at) =>
    benchCell(users, random.fork(`${users}/${at}`)),
  );
  const times: number[] = [];
  const cpu: number[] = [];
  const gaps: number[] = [];
  for (const [at, cell] of cells.entries()) {
    await breather(signal);
    const before = process.cpuUsage();
    const started = performance.now();
    const solution = solveAssignment(cell);
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    // The first runs warm up the compiler.
    if (at < 3) continue;
    times.push(ms);
    cpu.push((user + system) / 1_000);
    if (solution) gaps.push(100 * solution.gap);
  }
  return {
    users,
    cells: repeats,
    unsolved: repeats - gaps.length,
    ms: { p50: median(times), p95: percentile(times, 0.95) },
    // Processor time of the process, garbage collection included: independent of other work on the machine.
    cpuMs: { p50: median(cpu), p95: percentile(cpu, 0.95) },
    limitMs,
    gapPct: { p50: median(gaps), max: Math.max(...gaps) },
    // The ceiling of exactness, and what it would cost.
    ...(users === 5 && { bruteForceMs: await timeBruteForce(cells.slice(0, 5), signal) }),
  };
}

async function timeBruteForce(cells: readonly AssignmentProblem[], signal: AbortSignal): Promise<number> {
  const times: number[] = [];
  for (const cell of cells) {
    await breather(signal);
    const started = performance.now();
    bruteForce(cell);
    times.push(performance.now() - started);
  }
  return median(times);
}
