import { median, percentile, type Random, seededRandom } from '@weir/base';
import { createDispatcher } from '@weir/dispatch';
import { type ActionCost, defaultObjective, type Directive } from '@weir/domain';
import { type AssignmentProblem, bruteForce, solveAssignment } from '@weir/learning';
import { paperFamily } from '@weir/simulation';
import Table from 'cli-table3';
import { z } from 'zod';
import { benchCell } from '../bench/plan-cell.ts';
import { defineCommand } from '../command.ts';

const whole = (least: number) =>
  z.number('expected a number').int('expected a whole number').min(least, `must be >= ${least}`);

/** Targets, medians, ms. Source: the study behind the planner (docs/learning.md). */
const solveLimitMs: Readonly<Record<number, number>> = { 5: 0.3, 50: 5, 500: 20, 5000: 250 };
const dispatchLimitUs = 20;

export default defineCommand({
  name: 'weir bench plan',
  summary: 'Time of one joint plan and its gap to the optimum; time of one dispatch.',
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
      signal.throwIfAborted();
      progress(`solving cells of ${users} devices`);
      solve.push(
        timeSolver(Number(users), users === '5000' ? Math.ceil(repeats / 5) : repeats, random, limitMs),
      );
    }
    progress('dispatching');
    const dispatch = timeDispatch(frames, seed);
    out({ solve, dispatch });
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
    print(
      `dispatch of one frame with its bookkeeping: p50 ${dispatch.us.p50.toFixed(2)} µs, p99 ${dispatch.us.p99.toFixed(2)} µs ` +
        `(target: ${dispatch.limitUs} µs; an empty call timed the same way: ${dispatch.emptyUs.toFixed(2)} µs)`,
    );
  },
});

function timeSolver(users: number, repeats: number, random: Random, limitMs: number) {
  const cells = Array.from({ length: repeats + 3 }, (_, at) =>
    benchCell(users, random.fork(`${users}/${at}`)),
  );
  const times: number[] = [];
  const cpu: number[] = [];
  const gaps: number[] = [];
  cells.forEach((cell, at) => {
    const before = process.cpuUsage();
    const started = performance.now();
    const solution = solveAssignment(cell);
    const ms = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    // The first runs warm up the compiler.
    if (at < 3) return;
    times.push(ms);
    cpu.push((user + system) / 1_000);
    if (solution) gaps.push(100 * solution.gap);
  });
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
    ...(users === 5 && { bruteForceMs: timeBruteForce(cells.slice(0, 5)) }),
  };
}

function timeBruteForce(cells: readonly AssignmentProblem[]): number {
  return median(
    cells.map((cell) => {
      const started = performance.now();
      bruteForce(cell);
      return performance.now() - started;
    }),
  );
}

/** One device with the paper's ten actions, random arrivals, tiers that report once a second. */
function timeDispatch(frames: number, seed: number) {
  const random = seededRandom(seed).fork('dispatch');
  const names = paperFamily.map(({ name }) => name);
  const local = { id: 'device-1', tier: 'device' as const, slots: 1, variants: names };
  const objective = { ...defaultObjective, accuracyFloor: 0.85 };
  const dispatcher = createDispatcher({
    deviceId: 'device-1',
    localNode: local,
    variants: paperFamily,
    objective,
    random,
  });
  const cost = (
    tier: 'device' | 'edge' | 'cloud',
    nodeId: string,
    at: number,
    serviceMs: number,
    networkMs: number,
  ): ActionCost => ({
    placement: { tier, nodeId, variant: names[at]! },
    accuracy: paperFamily[at]!.accuracy,
    serviceMs,
    networkMs,
    energyJ: 0,
  });
  const actions = [
    ...paperFamily.map(({ macs }, at) => cost('device', 'device-1', at, 12 + macs / 2e6, 0)),
    cost('edge', 'edge', 0, 120, 30),
    cost('cloud', 'cloud', 0, 100, 80),
  ];
  const directive: Directive = {
    instanceId: 'bench',
    version: 1,
    leaseMs: 1e12,
    learner: 'planner',
    planned: actions[0]!.placement,
    thresholdMs: 20,
    explored: false,
    propensity: 1,
    actions,
    accuracyPriceMs: 1_000,
    objective,
    ledger: { ledgerId: 'bench', creditTotal: 0, debitRequestedTotal: 0 },
    predictedMs: 200,
  };
  dispatcher.applyDirective(directive, 0);
  for (const nodeId of ['edge', 'cloud']) dispatcher.setReachable(nodeId, true, 0);

  const times: number[] = [];
  const empty: number[] = [];
  let now = 0;
  let reportedAt = -Infinity;
  for (let frame = 0; frame < frames; frame++) {
    now += random.exponential(400);
    if (now - reportedAt >= 1_000) {
      reportedAt = now;
      for (const nodeId of ['edge', 'cloud']) {
        const backlogMs = 100 * random.uniform();
        const load = {
          nodeId,
          slots: 2,
          inService: 1,
          queued: 0,
          backlogMs,
          meanBacklogMs: 50,
          congestionPerMs: 0.005,
          utilization: 0.5,
        };
        dispatcher.reportLoad(load, now);
      }
    }
    const before = performance.now();
    const started = performance.now();
    const decision = dispatcher.dispatch(now);
    dispatcher.settle(decision, { ok: true, responseMs: decision.predictedMs, queueMs: 0 }, now + 1);
    const ended = performance.now();
    times.push(1_000 * (ended - started));
    empty.push(1_000 * (started - before));
  }
  return {
    frames,
    us: { p50: median(times), p99: percentile(times, 0.99) },
    limitUs: dispatchLimitUs,
    emptyUs: median(empty),
  };
}
