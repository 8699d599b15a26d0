import { isLearnerFile, learnerFilePattern, learnerNames } from '@weir/learning';
import { experimentNames } from '@weir/simulation';
import { z } from 'zod';
import { floorLabels } from './paper-floors.ts';
import {
  escalatePattern,
  isHindsight,
  oneLookPlanner,
  thresholdRule,
  twoLookOracle,
} from './lab-learners.ts';

const whole = (least: number, most: number) => z.int().min(least).max(most);
const name = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'expected 1 to 64 letters, digits, "_", "." and "-"');
// `static` needs a joint placement; the lab runs it by itself, as the oracle and the best static placement.
const named = learnerNames.filter((each) => each !== 'static');
const learner = z.union(
  [
    z.enum(named as [string, ...string[]]),
    z
      .string()
      .regex(learnerFilePattern)
      .describe('File of a learner of your own; a relative path counts from this file.'),
  ],
  `expected one of ${named.join(', ')}, or a file, e.g. ./mine.ts`,
);
const labLearner = z.union(
  [learner, z.enum([oneLookPlanner, thresholdRule, twoLookOracle]), z.string().regex(escalatePattern)],
  `expected one of ${[...named, oneLookPlanner, thresholdRule, twoLookOracle].join(', ')}, escalate-PERCENT (e.g. escalate-25), or a file, e.g. ./mine.ts`,
);
const experiment = z.enum(experimentNames as unknown as [string, ...string[]]);
const deviceId = z.string().min(1).max(128);

const paperCell = z.strictObject({
  experiment: experiment.describe('Which devices have a weak link, as in the paper: A none … D all.'),
  users: whole(1, 16).default(5).describe('Devices.'),
  space: z
    .enum(['paper', 'full'])
    .default('paper')
    .describe('Variants on edge and cloud: the best one alone as in the paper, or all.'),
});
const ownCell = z.strictObject({
  file: z
    .string()
    .min(1)
    .describe('A cell description as `weir up --cell` takes it; a relative path counts from this file.'),
});

const floorExpected =
  "expected none, '80', '85', '89' (with quotes), best, best-POINTS (e.g. best-0.9), or a fraction 0..1";
const floor = z
  .union(
    [
      z.enum(floorLabels),
      z.templateLiteral(['best-', z.number()]),
      z.number().min(0, floorExpected).max(1, floorExpected),
    ],
    floorExpected,
  )
  .default('89')
  .describe(
    "Lowest average accuracy: a floor of the paper (none, '80', '85', '89', best), taken to the same relative place among the family's accuracies; so many points of per cent below its most accurate variant, e.g. best-0.9; or a fraction 0..1.",
  );

const epochs = z
  .strictObject({
    learning: whole(0, 100_000).default(20).describe('Epochs that each learner has before it is measured.'),
    measured: whole(1, 100_000).default(60).describe('Epochs of each that count.'),
    blocks: whole(1, 1_000).default(3).describe('Turns in which the learners take over from each other.'),
  })
  .describe(
    'Synchronous epochs, as in the paper: every device asks once at the same moment, plans are obeyed.',
  );

const arrivals = z
  .strictObject({
    pattern: z.enum(['poisson', 'periodic']).default('poisson').describe('How frames arrive at each device.'),
    load: z
      .number()
      .positive()
      .max(3)
      .default(0.6)
      .describe('Share of what the cell would sustain with the best variant everywhere.'),
    learningSeconds: z.number().positive().max(3_600).default(15).describe('Before anything counts.'),
    warmupSeconds: z
      .number()
      .min(0)
      .max(3_600)
      .default(10)
      .describe('At the beginning of each block: the floor is watched, times do not count yet.'),
    seconds: z.number().positive().max(3_600).default(40).describe('Of each block that count.'),
    blocks: whole(1, 1_000).default(3).describe('Turns in which the rules take over from each other.'),
  })
  .describe('Frames that arrive by themselves, compared with the best static joint placement.');

const adaptation = z
  .strictObject({
    epochs: whole(2, 100_000).default(90).describe('Of each learner.'),
    events: z
      .array(
        z.strictObject({
          epoch: whole(2, 100_000).describe('Before the epoch with this number.'),
          weak: z
            .array(deviceId)
            .describe('Devices whose links are weak from then on; all others are regular.'),
          label: z.string().max(60).describe('For the report.'),
        }),
      )
      .min(1),
  })
  .describe('Synchronous epochs while links go weak and recover.');

const transfer = z
  .strictObject({
    from: z
      .strictObject({ experiment: experiment.optional(), floor: floor.optional() })
      .describe('Where the snapshot was learned: another experiment, another floor, or both.'),
    learner: learner.default('planner'),
    epochs: whole(2, 100_000).default(30).describe('There, and here from each start.'),
  })
  .describe('Learning from a snapshot of elsewhere, against learning from nothing.');

const curves = z
  .strictObject({ epochs: whole(2, 100_000).default(200).describe('Of each learner.') })
  .describe('How many epochs learners need.');

const frames = (most: number) => whole(1, most);
const pictures = z
  .strictObject({
    pattern: z.enum(['poisson', 'periodic']).default('poisson').describe('How frames arrive at each device.'),
    load: z
      .number()
      .positive()
      .max(3)
      .default(0.9)
      .describe('Frames as a share of what the cell would sustain with the best variant everywhere.'),
    learningSeconds: z.number().positive().max(3_600).default(15).describe('Before anything counts.'),
    before: frames(1_000_000).default(1_500).describe('Frames of the whole cell before the pictures change.'),
    after: frames(1_000_000).default(4_000).describe('Frames from then on.'),
    block: frames(100_000).default(500).describe('Frames that are told of together.'),
    contrast: z
      .number()
      .min(0)
      .max(1)
      .default(0.6)
      .describe(
        'Of the pictures afterwards, relative to before: small variants need contrast more than large ones.',
      ),
    truths: z
      .boolean()
      .default(false)
      .describe(
        'Whether the cell is told what its pictures show: it then knows its accuracy without audits.',
      ),
  })
  .describe('Frames that arrive by themselves, of pictures that change in mid-run; one learner.');

const modes = ['epochs', 'arrivals', 'adaptation', 'transfer', 'curves', 'pictures'] as const;

export const scenarioSchema = z
  .strictObject({
    $schema: z.string().optional().describe('For editors.'),
    name: name.describe('Short name; names the results.'),
    title: z.string().max(200).default('').describe('One line for people.'),
    cell: z.union([paperCell, ownCell]),
    floor,
    looks: z
      .union([z.literal(1), z.literal(2)], 'expected 1 or 2')
      .default(2)
      .describe(
        'Looks that a frame of the planner may get: 2 lets it look again at those that a first variant is least sure of.',
      ),
    accuracies: z
      .enum(['measured', 'published'])
      .default('measured')
      .describe("The family's own accuracies, or those published for the paper's setting, declared."),
    learners: z
      .array(labLearner)
      .min(1)
      .default(['planner', 'offload-only', 'device-only', 'edge-only', 'cloud-only'])
      .describe(
        'Side by side in one living cell; the oracle is added. planner-one-look: the planner with one look a frame; threshold: every device looks first by itself, and again where the margin is below one fixed threshold, both variants, places and threshold tuned in hindsight; escalate-25: the same with the least certain 25 %; hi-lcb: a bandit in its place, with a price tuned in hindsight; oracle-two-looks: the best joint placement with a second look of its own for each device.',
      ),
    audits: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Share of the answers that the most accurate variant checks afterwards.'),
    repetitions: whole(1, 100)
      .default(3)
      .describe('Epochs of each joint placement when the cell is profiled.'),
    links: z
      .strictObject({
        trace: z
          .string()
          .min(1)
          .describe(
            'CSV: time_s,rate_mbps,delay_ms; a rate of 0 cuts the links. A relative path counts from this file.',
          ),
        devices: z.array(deviceId).min(1).optional().describe('Whose links; all when absent.'),
      })
      .optional()
      .describe('Drives links by a series of rate and delay, over and over.'),
    seed: whole(0, 2 ** 31).default(1),
    epochs: epochs.optional(),
    arrivals: arrivals.optional(),
    adaptation: adaptation.optional(),
    transfer: transfer.optional(),
    curves: curves.optional(),
    pictures: pictures.optional(),
  })
  .check(({ value, issues }) => {
    const given = modes.filter((mode) => value[mode] !== undefined);
    const found = given.length === 0 ? 'none' : given.join(' and ');
    if (given.length !== 1)
      issues.push({
        code: 'custom',
        input: value,
        path: [],
        message: `expected exactly one of ${modes.join(', ')}; got ${found}`,
      });
    const twice = value.learners.find((each, index) => value.learners.indexOf(each) !== index);
    if (twice !== undefined)
      issues.push({ code: 'custom', input: value, path: ['learners'], message: `${twice} is named twice` });
    const looking = value.learners.find((each) => each === oneLookPlanner || isHindsight(each));
    if (looking !== undefined && value.looks === 1)
      issues.push({
        code: 'custom',
        input: value,
        path: ['learners'],
        message: `${looking} goes with looks: 2`,
      });
    const tuned = value.learners.find(isHindsight);
    if (tuned !== undefined && !value.epochs && !value.arrivals)
      issues.push({
        code: 'custom',
        input: value,
        path: ['learners'],
        message: `${tuned} goes with epochs and arrivals only`,
      });
    if (value.pictures && value.learners.length > 1)
      issues.push({
        code: 'custom',
        input: value,
        path: ['learners'],
        message: `pictures goes with one learner, got ${value.learners.join(', ')}`,
      });
    const files = new Set([...value.learners, value.transfer?.learner ?? 'planner'].filter(isLearnerFile));
    if (files.size > 1)
      issues.push({
        code: 'custom',
        input: value,
        path: ['learners'],
        message: `a cell takes one learner of a file, got ${[...files].join(', ')}`,
      });
    const epochs = value.adaptation?.events.map(({ epoch }) => epoch) ?? [];
    if (epochs.some((epoch, index) => epoch <= (epochs[index - 1] ?? 0) || epoch > value.adaptation!.epochs))
      issues.push({
        code: 'custom',
        input: value,
        path: ['adaptation', 'events'],
        message: `expected epochs that rise and are at most ${value.adaptation!.epochs}, got ${epochs.join(', ')}`,
      });
    if ((value.transfer || value.adaptation) && 'file' in value.cell)
      issues.push({
        code: 'custom',
        input: value,
        path: ['cell'],
        message: "transfer and adaptation need a cell of the paper's: { experiment, users }",
      });
  });

/** An experiment, as its file says. Paths are absolute. */
export type Scenario = Readonly<z.output<typeof scenarioSchema>>;
export type ScenarioInput = z.input<typeof scenarioSchema>;
