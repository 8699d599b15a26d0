import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Exit, makeFolder, share, shareExpected, silentLogger } from '@weir/base';
import { loadFamily } from '@weir/inference';
import {
  everyTenth,
  floorLabels,
  openFramesFile,
  prepareCell,
  reportHtml,
  resultsOf,
  runScenario,
} from '@weir/lab';
import { experimentNames } from '@weir/simulation';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { learnersHelp } from '../learn/learner-flags.ts';
import { asScenarioUsage, scenarioOf } from '../lab/scenario-flags.ts';
import { unitTable } from '../lab/unit-table.ts';
import { samplesOf } from '../samples.ts';
import { whole } from '../whole.ts';

const name = 'weir lab run';

const floorExpected = `expected one of ${floorLabels.join(', ')}, best-POINTS (e.g. best-0.9) or ${shareExpected}`;

const shape = {
  scenario: z
    .string()
    .optional()
    .describe('File of a scenario (YAML or JSON), or one that comes with Weir (weir lab list).'),
  experiment: z
    .enum(experimentNames, 'expected A, B, C or D')
    .optional()
    .describe("Instead of --scenario: the paper's experiment, A (all links regular) to D (all weak) [A]."),
  floor: z
    .union(
      [z.enum(floorLabels), z.templateLiteral(['best-', z.number()]), share(1, floorExpected)],
      floorExpected,
    )
    .optional()
    .describe(
      `Floor: ${floorLabels.join(', ')} as in the paper; so many points below the family's best variant, e.g. best-0.9; or a fraction 0..1 [89, or the scenario's].`,
    ),
  looks: whole(1, 2)
    .optional()
    .describe(
      "Looks that a frame of the planner may get [2 with a --floor that is none of the paper's, otherwise the scenario's: 1 in the paper's experiments].",
    ),
  users: whole(1, 16).optional().describe("Devices [5, or the scenario's]."),
  learners: z
    .array(z.string())
    .optional()
    .describe(
      `Side by side, separated by commas: ${learnersHelp.replace(' static,', '')}; with --looks 2 planner-one-look, threshold, escalate-25 (docs/lab.md).`,
    ),
  accuracies: z
    .enum(['measured', 'published'], 'expected measured or published')
    .optional()
    .describe("The family's own, or those published for the paper's setting, declared."),
  space: z
    .enum(['paper', 'full'], 'expected paper or full')
    .optional()
    .describe('Variants on edge and cloud: the best one alone, or all.'),
  arrivals: z
    .enum(['poisson', 'periodic'], 'expected poisson or periodic')
    .optional()
    .describe('Frames arrive by themselves instead of in synchronous epochs.'),
  load: share(3)
    .positive('must be > 0')
    .optional()
    .describe('With --arrivals: share of what the cell would sustain [0.6].'),
  epochs: whole(1, 100_000).optional().describe("Measured epochs of each learner [60, or the scenario's]."),
  repetitions: whole(1, 100)
    .optional()
    .describe("Epochs of each joint placement when the cell is profiled [3, or the scenario's]."),
  linkTrace: z
    .string()
    .optional()
    .describe(
      'CSV that drives the links: time_s,rate_mbps,delay_ms; a rate of 0 cuts them (weir lab trace writes one).',
    ),
  seed: whole(0, 2 ** 31)
    .optional()
    .describe("Seed of all that is drawn by chance [1, or the scenario's]."),
  models: z
    .string()
    .optional()
    .describe('Folder of a model family with labelled samples; the embedded one when absent.'),
  out: z.string().optional().describe('Folder for results.json and report.html.'),
  frames: z
    .string()
    .optional()
    .describe('File for one row a frame, .parquet or .csv; docs/lab.md describes its columns.'),
  json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
};

export default defineCommand({
  name,
  summary:
    'One experiment on a living cell: real processes, models and queues, learners side by side, the oracle measured.',
  schema: z.object(shape),
  examples: [
    'weir lab run --experiment A --users 5 --floor 89 --learners planner,offload-only',
    'weir lab run --floor best-0.9 --learners planner,planner-one-look,threshold,offload-only',
    'weir lab run --arrivals poisson --load 0.6 --json',
    'weir lab run --scenario weak-link --out report',
    'weir lab run --experiment A --frames frames.parquet',
    'weir lab run --scenario my-fleet.yaml',
  ],
  async run(flags, { signal, out, print, progress }) {
    const scenario = await asScenarioUsage(name, flags, () => scenarioOf(name, flags));
    const family = await asUsage(name, '--models', () => loadFamily(flags.models));
    const pictures = await asUsage(name, '--models', () => samplesOf(family));
    const { out: folder } = flags;
    if (folder !== undefined) await asUsage(name, '--out', () => makeFolder(folder));
    const { frames: framesPath } = flags;
    using frames =
      framesPath === undefined ? null : await asUsage(name, '--frames', () => openFramesFile(framesPath));
    const startedAt = new Date();
    const { models } = flags;
    const onStep = everyTenth((text) => progress(`${scenario.name}: ${text}`));
    const options = { family, models, pictures, logger: silentLogger, signal, progress, onStep };
    await using prepared = await asScenarioUsage(name, flags, () => prepareCell(scenario, options));
    const unit = await asScenarioUsage(name, flags, () =>
      runScenario(scenario, prepared, frames ? { onFrame: (frame) => frames.add(frame) } : {}),
    );
    out(unit.kind === 'epochs' ? { ...unit, learners: unit.learners.map(withInteractions) } : unit);
    print(unitTable(unit));
    if (flags.out !== undefined) {
      const command = `weir lab run ${process.argv.slice(4).join(' ')}`;
      const about = { family, quick: false, seed: scenario.seed, command, startedAt };
      const results = resultsOf([unit], about);
      await writeFile(join(flags.out, 'results.json'), JSON.stringify(results));
      await writeFile(join(flags.out, 'report.html'), await reportHtml(results));
      progress(`wrote ${join(flags.out, 'results.json')} and report.html`);
    }
    frames?.finish();
    if (frames) progress(`wrote ${frames.count} frames to ${frames.path}`);
    return Exit.done;
  },
});

/** By the name that other commands use too. */
const withInteractions = <Result extends { interactionsTo5pct: number | null }>(result: Result) => ({
  ...result,
  interactions: result.interactionsTo5pct,
});
