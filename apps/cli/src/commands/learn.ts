import { writeFile } from 'node:fs/promises';
import { ConfigError, Exit, share, shareExpected } from '@weir/base';
import { learnerNames } from '@weir/learning';
import {
  arrivalKinds,
  type DriftEvent,
  experimentNames,
  type LearningOptions,
  paperFamily,
  profileNames,
  type SimulatedFamily,
  withPaperSizes,
} from '@weir/simulation';
import Table from 'cli-table3';
import { z } from 'zod';
import { defineCommand } from '../command.ts';
import { asyncTables, runAsyncStudy } from '../learn/async.ts';
import { learnersHelp, readLearnerOptions, readLearners } from '../learn/learner-flags.ts';
import { runJobs } from '../learn/pool.ts';
import { type LearnerSummary, summarize } from '../learn/summary.ts';
import { whole } from '../whole.ts';

const name = 'weir learn';

const driftInteractions = 600;
const driftSeeds = 5;
/** Load from elsewhere that nobody reports comes to the edge, and goes. */
const driftEvents: readonly (DriftEvent & { readonly label: string })[] = [
  { kind: 'hidden-load', node: 'edge', requests: 2, atInteraction: 200, label: 'edge gets busy' },
  { kind: 'hidden-load', node: 'edge', requests: 0, atInteraction: 400, label: 'edge is free again' },
];

const floorExpected = `expected ${shareExpected}, or best-POINTS, e.g. best-0.9`;

const schema = z.object({
  learner: z
    .string()
    .default('planner')
    .describe(`Learners, separated by commas, or "all": ${learnersHelp}.`),
  users: z
    .array(whole(1, 500))
    .min(1, 'must name a number')
    .default([5])
    .describe('Devices of the cell; several numbers, separated by commas, with --arrivals and --drift.'),
  floor: z
    .union([share(1, floorExpected), z.templateLiteral(['best-', z.number()])], floorExpected)
    .optional()
    .describe(
      'Average accuracy floor: a fraction 0..1, or so many points below the most accurate variant, e.g. best-0.9 [0.89; with --looks 2 best-0.05].',
    ),
  profile: z
    .enum(profileNames, 'unknown profile')
    .default('contended')
    .describe(`Cost profile: ${profileNames.join(', ')}.`),
  experiment: z
    .enum(experimentNames, 'unknown experiment')
    .default('A')
    .describe('Which devices have a weak link: A none, B two, C three, D all.'),
  space: z
    .enum(['paper', 'full'], 'expected paper or full')
    .default('paper')
    .describe('Actions: paper (best variant on remote nodes) or full.'),
  background: z
    .enum(['none', 'walk'], 'expected none or walk')
    .default('none')
    .describe('Load by others: none, or a random walk over 81 contexts.'),
  heterogeneous: z.boolean().default(false).describe('Devices of unequal speed.'),
  noise: share()
    .optional()
    .describe('Noise of every measured time, relative [0.05; with --arrivals and --drift 0.07].'),
  interactions: whole(10, 10_000_000)
    .default(10_000)
    .describe('Joint placements tried by each learner in each seed.'),
  seeds: whole(1, 1_000).default(3).describe('Independent runs of each learner.'),
  seed: whole(1, 1_000_000).default(1).describe('First seed.'),
  options: z
    .string()
    .default('{}')
    .describe(
      'Options of the learners as JSON, e.g. {"epsilonEpochs":1000}; each learner takes those that it knows.',
    ),
  workers: whole(1, 64).default(2).describe('Worker threads.'),
  arrivals: z
    .array(z.enum(arrivalKinds, 'unknown arrivals'))
    .default([])
    .describe(
      `Instead of synchronous epochs: a living cell whose frames come so (${arrivalKinds.join(', ')}), one learner against the static plan and against dispatch with known costs.`,
    ),
  loads: z
    .array(z.number('expected numbers').positive('must be > 0').max(3, 'must be <= 3'))
    .default([0.3, 0.6, 0.9, 1.3])
    .describe('With --arrivals: frames as shares of what the best variant everywhere would just sustain.'),
  looks: whole(1, 2)
    .default(1)
    .describe(
      "With --arrivals and --drift: looks that a frame may get. 1: the paper's variants and accuracies, which the published figures are of; 2: accuracies and curves of the embedded family, one look (one-look) beside two (learned).",
    ),
  drift: z
    .boolean()
    .default(false)
    .describe(
      'Instead of synchronous epochs: how a living cell follows changes, Poisson frames at 60 % load.',
    ),
  plot: z.string().optional().describe('SVG file for the learning curves, the regret and a drift run.'),
  json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
});

export default defineCommand({
  name,
  summary: 'Runs learners in the simulated cell and measures how fast and how well they learn.',
  schema,
  examples: [
    'weir learn --learner planner,q-learning-masked,dqn --seeds 10',
    'weir learn --learner planner --background walk --interactions 2000 --plot walk.svg',
    'weir learn --learner ./mine.ts,planner --plot mine.svg',
    'weir learn --arrivals poisson,synchronised --loads 0.6,0.9 --users 5,20 --seeds 10',
    'weir learn --arrivals poisson --looks 2 --floor best-0.9',
  ],
  async run(config, { signal, out, print, progress }) {
    const learners = readLearners(name, '--learner', chosen(config.learner));
    const options = readLearnerOptions(name, '--options', config.options, learners);
    const { profile, experiment, background, heterogeneous, space, interactions, looks } = config;
    const pool = { workers: config.workers, signal, onProgress: progressBar(progress) };
    const seeds = Array.from({ length: config.seeds }, (_, index) => config.seed + index);
    if (config.arrivals.length > 0 || config.drift) {
      const { users: devices, arrivals, loads, drift, noise = 0.07 } = config;
      const learner = one('--learner', learners);
      if (config.plot) throw notHere('--plot', 'draws synchronous epochs only');
      const family = looks === 2 ? await embeddedFamily() : { variants: paperFamily };
      const accuracyFloor = await floorOf(config.floor ?? (looks === 2 ? 'best-0.05' : 0.89), family);
      const common = { profile, experiment, accuracyFloor, unequal: heterogeneous, noise };
      const cell = { ...common, learner, learnerOptions: options[0]! };
      const study = { devices, arrivals, loads, drift, seeds };
      const result = await runAsyncStudy({ ...study, cell: looks === 2 ? { ...cell, family } : cell }, pool);
      out({ ...result, config: { ...study, cell, looks } });
      print(asyncTables(result));
      return Exit.done;
    }
    if (looks !== 1) throw notHere('--looks', 'goes with --arrivals and --drift');
    const floor = await floorOf(config.floor ?? 0.89, { variants: paperFamily });
    const { noise = 0.05 } = config;
    const users = one('--users', config.users);
    const cell = { users, floor, profile, experiment, background, heterogeneous, noise };
    const bases = learners.map((learner, at) => ({
      learner,
      learnerOptions: options[at]!,
      cell,
      actionSpace: space,
    }));
    const jobs = bases.flatMap((base) =>
      seeds.map((seed): LearningOptions => ({ ...base, interactions, seed })),
    );
    const driftJobs = !config.plot
      ? []
      : bases.flatMap((base) =>
          seeds.slice(0, driftSeeds).map((seed): LearningOptions => ({
            ...base,
            seed,
            interactions: driftInteractions,
            cell: { ...cell, drift: driftEvents },
            spacing: 'linear',
          })),
        );

    const results = await runJobs([...jobs, ...driftJobs], pool);
    const bySeeds = (from: number, count: number) =>
      learners.map((_, at) => results.slice(from + at * count, from + (at + 1) * count));
    const learning = bySeeds(0, seeds.length);
    const summaries = learning.map(summarize);
    if (config.plot) {
      const title = `${profile}, experiment ${experiment}, ${users} users, floor ${(100 * floor).toFixed(1)} %`;
      const drift = bySeeds(jobs.length, Math.min(driftSeeds, seeds.length));
      const { learningPlotSvg } = await import('@weir/lab');
      await writeFile(config.plot, await learningPlotSvg({ title, learning, drift, events: driftEvents }));
      progress(`wrote ${config.plot}`);
    }
    const { learner: _, ...first } = summaries[0]!;
    out({ ...first, config: { ...cell, space, interactions, seeds }, learners: summaries });
    print(table(summaries));
    return Exit.done;
  },
});

/** The paper's times, the embedded family's accuracies and curves. */
async function embeddedFamily(): Promise<SimulatedFamily> {
  const { expectedAccuracy, loadFamily } = await import('@weir/inference');
  const { variants, looks } = await loadFamily();
  return withPaperSizes({
    variants: variants.map((variant) => ({ name: variant.name, accuracy: expectedAccuracy(variant) })),
    looks,
  });
}

/** As a fraction. Throws ConfigError for one that the family does not reach. */
async function floorOf(
  floor: NonNullable<z.output<typeof schema>['floor']>,
  { variants }: SimulatedFamily,
): Promise<number> {
  const best = Math.max(...variants.map(({ accuracy }) => accuracy));
  const value = typeof floor === 'number' ? floor : (await import('@weir/lab')).belowBest(floor, best);
  if (value <= best + 1e-9 && value >= 0) return value;
  throw notHere('--floor', `${floor} is none that the variants reach: their best is ${best}`);
}

function one<T>(field: string, values: readonly T[]): T {
  if (values.length === 1) return values[0]!;
  throw notHere(field, `expected one here (got ${values.join(',')})`);
}

const notHere = (field: string, description: string) => new ConfigError(name, [{ field, description }]);

/** `all`: those that learn, by whatever name, and no joint placement given from outside. */
const chosen = (text: string): string[] =>
  text === 'all'
    ? learnerNames.filter((learner) => !learner.endsWith('-only') || learner === 'offload-only')
    : text.split(',').map((each) => each.trim());

/** A line for every twentieth of the work. */
function progressBar(progress: (text: string) => void): (share: number) => void {
  let shown = -1;
  return (share) => {
    const twentieth = Math.floor(share * 20 + 1e-9);
    if (twentieth === shown) return;
    shown = twentieth;
    progress(`[${'#'.repeat(twentieth)}${'.'.repeat(20 - twentieth)}] ${5 * twentieth} %`);
  };
}

function table(summaries: readonly LearnerSummary[]): string {
  const rows = new Table({
    head: [
      'learner',
      'to 1 % (median)',
      'to 1 % (p90)',
      'gap at the end',
      'regret',
      'below the floor',
      'response',
      'accuracy',
    ],
    style: { head: [], border: [] },
  });
  const count = (value: number | null) => (value === null ? 'never' : value.toFixed(0));
  for (const each of summaries) {
    rows.push([
      each.learner,
      count(each.interactionsTo1pct.median),
      count(each.interactionsTo1pct.p90),
      `${each.gapPct.toFixed(2)} %`,
      `${each.regretMs.toFixed(0)} ms`,
      String(each.floorViolations),
      `${each.responseMs.toFixed(1)} ms`,
      `${(100 * each.accuracy).toFixed(2)} %`,
    ]);
  }
  return `optimum ${summaries[0]!.optimumMs.toFixed(1)} ms\n${rows.toString()}`;
}
