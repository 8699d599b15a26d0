import { type Random, mean, seededRandom } from '@weir/base';
import type { Learner } from '@weir/policy';
import type { AsyncFrame } from './async-agent.ts';
import { type DriftStep, runAsync } from './async-run.ts';
import { type AsyncRule, knowledgeOf, plannerOf } from './async-study.ts';
import { type World, capacityPerMs, createWorld } from './async-world.ts';

/** What changes in mid-run, and how it changes back. */
export interface DriftScenario {
  readonly name: string;
  readonly onset: (world: World) => void;
  readonly recovery: (world: World) => void;
}

const node = (world: World, id: string) => world.nodes.find((candidate) => candidate.id === id)!;

export const driftScenarios: readonly DriftScenario[] = [
  {
    name: 'hidden edge load',
    onset: (world) => void (node(world, 'edge').slowdown = 2),
    recovery: (world) => void (node(world, 'edge').slowdown = 1),
  },
  {
    name: 'device slows down',
    onset: (world) => void (world.devices[0]!.slowdown *= 2),
    recovery: (world) => void (world.devices[0]!.slowdown /= 2),
  },
  {
    name: 'two links go weak',
    onset: (world) => weaken(world, 80),
    recovery: (world) => weaken(world, 0),
  },
  {
    name: 'edge leaves and returns',
    onset: (world) => void (node(world, 'edge').down = true),
    recovery: (world) => void (node(world, 'edge').down = false),
  },
];

function weaken(world: World, extraMs: number): void {
  for (const { extraNetworkMs } of world.devices.slice(0, 2))
    for (const id of extraNetworkMs.keys()) extraNetworkMs.set(id, extraMs);
}

export interface AsyncDriftOptions {
  /** @default 5 */
  readonly devices?: number;
  /** @default 0.6 */
  readonly load?: number;
  /** @default 0.89 */
  readonly accuracyFloor?: number;
  /** Frames of each device before the drift, between drift and recovery, and after. @default 100 */
  readonly framesPerDevice?: number;
  /** Runs are averaged: one run's few frames say little. @default 1..20 */
  readonly seeds?: readonly number[];
  /** @default all */
  readonly scenarios?: readonly string[];
  /** @default the planner */
  readonly learner?: (random: Random) => Learner;
}

/** One change and what it cost against known costs under the same rule, reports and frames. */
export interface DriftPhase {
  readonly scenario: string;
  readonly phase: 'onset' | 'recovery';
  /** Excess of each device's first 8, next 8, and all later frames, %. */
  readonly excessPct: { readonly first8: number; readonly next8: number; readonly later: number };
  /** Frames a device until the mean of its next 16 is within 5 %; Infinity: not within the phase. */
  readonly framesToWithin5pct: number;
  readonly floorViolations: number;
}

/** How fast a learner follows a change: frames of each device counted from the change on, averaged over the seeds. */
export function runAsyncDrift(
  options: AsyncDriftOptions = {},
  onProgress: (done: number, total: number) => void = () => undefined,
): readonly DriftPhase[] {
  const { devices = 5, load = 0.6, accuracyFloor = 0.89, framesPerDevice = 100 } = options;
  const seeds = options.seeds ?? Array.from({ length: 20 }, (_, index) => index + 1);
  const scenarios = driftScenarios.filter(({ name }) => options.scenarios?.includes(name) ?? true);
  let done = 0;
  return scenarios.flatMap(({ name, onset, recovery }) => {
    const runs = { known: [] as Phases[], learned: [] as Phases[] };
    let floorViolations = 0;
    for (const seed of seeds)
      for (const rule of ['known', 'learned'] as const) {
        const world = createWorld({ profile: 'contended', devices, accuracyFloor }, seededRandom(seed));
        const phaseMs = (framesPerDevice * devices) / (load * capacityPerMs(world));
        const drift: DriftStep[] = [
          { atMs: 11_000 + phaseMs, change: onset },
          { atMs: 11_000 + 2 * phaseMs, change: recovery },
        ];
        const result = runAsync({
          world,
          planner: plannerOf(rule satisfies AsyncRule, world, seed, options.learner),
          arrivals: 'poisson',
          load,
          durationMs: 11_000 + 3 * phaseMs,
          seed,
          knows: knowledgeOf(rule),
          drift,
        });
        if (rule === 'learned') floorViolations += result.floorViolations;
        runs[rule].push({
          onset: since(result.answered, drift[0]!.atMs, drift[1]!.atMs),
          recovery: since(result.answered, drift[1]!.atMs, Infinity),
        });
        onProgress(++done, scenarios.length * seeds.length * 2);
      }
    return (['onset', 'recovery'] as const).map((phase): DriftPhase => {
      const excess = (from: number, to: number) => {
        const of = (rule: 'known' | 'learned') =>
          mean(runs[rule].flatMap((run) => run[phase].slice(from, to).flat()));
        return 100 * (of('learned') / of('known') - 1);
      };
      let frames = 0;
      while (frames < framesPerDevice - 16 && excess(frames, frames + 16) > 5) frames += 2;
      return {
        scenario: name,
        phase,
        excessPct: { first8: excess(0, 8), next8: excess(8, 16), later: excess(16, Infinity) },
        framesToWithin5pct: frames < framesPerDevice - 16 ? frames : Infinity,
        floorViolations,
      };
    });
  });
}

interface Phases {
  readonly onset: readonly (readonly number[])[];
  readonly recovery: readonly (readonly number[])[];
}

/** Response times of the k-th frames that the devices got between two times, by k. */
function since(answered: readonly AsyncFrame[], fromMs: number, toMs: number): number[][] {
  const seen = new Map<number, number>();
  const byRank: number[][] = [];
  for (const frame of answered.toSorted((a, b) => a.cameAt - b.cameAt)) {
    if (frame.cameAt < fromMs || frame.cameAt >= toMs) continue;
    const rank = seen.get(frame.device) ?? 0;
    seen.set(frame.device, rank + 1);
    (byRank[rank] ??= []).push(frame.responseMs);
  }
  return byRank;
}
