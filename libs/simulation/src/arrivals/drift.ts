import { mean } from '@weir/base';
import type { AsyncFrame } from './agent.ts';
import { type AsyncCell, defaultAsyncCell, knowledgeOf, plannerOf, worldOf } from './cell.ts';
import { runAsync } from './run.ts';
import { type World, capacityPerMs } from './world.ts';

/** A change in mid-run, and how it recovers. */
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
  readonly cell?: AsyncCell;
  readonly devices: readonly number[];
  /** Runs to average: one run's few frames say little. */
  readonly seeds: readonly number[];
  /** @default 0.6 */
  readonly load?: number;
  /** Frames of each device before the drift, between drift and recovery, and after. @default 100 */
  readonly framesPerDevice?: number;
  /** @default all */
  readonly scenarios?: readonly string[];
}

/** One seed of one scenario; plain data. */
export interface AsyncDriftJob {
  readonly kind: 'drift';
  readonly cell: AsyncCell;
  readonly devices: number;
  readonly scenario: string;
  readonly seed: number;
  readonly load: number;
  readonly framesPerDevice: number;
}

/** Response times after each change, with learned costs and with known ones. */
export interface AsyncDriftRun {
  readonly known: Phases;
  readonly learned: Phases;
  readonly floorViolations: number;
}

/** One change and what it cost against known costs under the same rule, reports and frames. */
export interface DriftPhase {
  readonly devices: number;
  readonly scenario: string;
  readonly phase: 'onset' | 'recovery';
  /** Excess of each device's first 8, next 8, and all later frames, %. */
  readonly excessPct: { readonly first8: number; readonly next8: number; readonly later: number };
  /** Frames a device until the mean of its next 16 is within 5 %; null: not within the phase. */
  readonly framesToWithin5pct: number | null;
  readonly floorViolations: number;
}

/** How fast a learner follows a change under Poisson arrivals, seed by seed. */
export function asyncDriftJobs(options: AsyncDriftOptions): AsyncDriftJob[] {
  const { cell = defaultAsyncCell, load = 0.6, framesPerDevice = 100 } = options;
  const { scenarios = driftScenarios.map(({ name }) => name) } = options;
  return options.devices.flatMap((devices) =>
    scenarios.flatMap((scenario) =>
      options.seeds.map((seed) => ({ kind: 'drift', cell, devices, scenario, seed, load, framesPerDevice })),
    ),
  );
}

export function runAsyncDriftJob(job: AsyncDriftJob): AsyncDriftRun {
  const { cell, devices, scenario, seed, load, framesPerDevice } = job;
  const { onset, recovery } = driftScenarios.find(({ name }) => name === scenario)!;
  const run = (rule: 'known' | 'learned') => {
    const world = worldOf(cell, devices, seed, rule);
    const phaseMs = (framesPerDevice * devices) / (load * capacityPerMs(world));
    const onsetMs = 11_000 + phaseMs;
    const recoveryMs = onsetMs + phaseMs;
    const { answered, floorViolations } = runAsync({
      world,
      planner: plannerOf(rule, world, seed, cell),
      arrivals: 'poisson',
      load,
      durationMs: recoveryMs + phaseMs,
      seed,
      noise: cell.noise,
      knows: knowledgeOf(rule),
      drift: [
        { atMs: onsetMs, change: onset },
        { atMs: recoveryMs, change: recovery },
      ],
    });
    const phases = {
      onset: since(answered, onsetMs, recoveryMs),
      recovery: since(answered, recoveryMs, Infinity),
    };
    return { phases, floorViolations };
  };
  const learned = run('learned');
  return { known: run('known').phases, learned: learned.phases, floorViolations: learned.floorViolations };
}

/** Frames of each device are counted from the change on, and averaged over the seeds. */
export function asyncDriftPhases(
  jobs: readonly AsyncDriftJob[],
  runs: readonly AsyncDriftRun[],
): DriftPhase[] {
  const scenarios = Map.groupBy(jobs.keys(), (at) => `${jobs[at]!.devices} ${jobs[at]!.scenario}`);
  return [...scenarios.values()].flatMap((members) => {
    const { devices, scenario, framesPerDevice } = jobs[members[0]!]!;
    const own = members.map((at) => runs[at]!);
    const floorViolations = own.reduce((sum, run) => sum + run.floorViolations, 0);
    return (['onset', 'recovery'] as const).map((phase): DriftPhase => {
      const excess = (from: number, to: number) => {
        const of = (rule: 'known' | 'learned') =>
          mean(own.flatMap((run) => run[rule][phase].slice(from, to).flat()));
        return 100 * (of('learned') / of('known') - 1);
      };
      let frames = 0;
      while (frames < framesPerDevice - 16 && excess(frames, frames + 16) > 5) frames += 2;
      return {
        devices,
        scenario,
        phase,
        excessPct: { first8: excess(0, 8), next8: excess(8, 16), later: excess(16, Infinity) },
        framesToWithin5pct: frames < framesPerDevice - 16 ? frames : null,
        floorViolations,
      };
    });
  });
}

interface Phases {
  readonly onset: readonly (readonly number[])[];
  readonly recovery: readonly (readonly number[])[];
}

/** Response times of the devices' k-th frames between two times, by k. */
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
