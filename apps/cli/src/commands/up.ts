import { rmSync, writeFileSync } from 'node:fs';
import { Exit, hostPort, seededRandom, share, silentLogger, systemClock } from '@weir/base';
import {
  type CellConsole,
  type CellDescription,
  readCellDescription,
  type RunningCell,
  scrapeTargets,
  startCell,
  startConsole,
} from '@weir/cell';
import { defaultObjective } from '@weir/domain';
import { loadFamily } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { learnersHelp, readLearner } from '../learn/learner-flags.ts';
import { samplesOf } from '../samples.ts';
import { cellOf, checkFloor, looksFlag } from '../up/cell-of.ts';
import { checkPaths, checkPorts } from '../up/check-first.ts';
import { watchLearning } from '../up/learning.ts';
import { awaitOthers } from '../up/others-traffic.ts';
import { sendFrames } from '../up/own-traffic.ts';

const whole = (least: number) =>
  z.number('expected a number').int('expected a whole number').min(least, `must be >= ${least}`);

const name = 'weir up';
const shape = {
  devices: whole(1).max(64, 'must be <= 64').default(3).describe('Devices in the cell.'),
  requests: whole(1).optional().describe('Frames in total, after which the run ends.'),
  duration: z
    .number('expected a number of seconds')
    .positive('must be > 0')
    .optional()
    .describe('Seconds after which the run ends.'),
  learner: z.string().default('planner').describe(`Learner that plans: ${learnersHelp}.`),
  floor: share()
    .optional()
    .describe(
      "Lowest average accuracy, 0..1; by default 70 % of the way from the family's least to its most accurate variant.",
    ),
  looks: looksFlag,
  audits: share()
    .default(defaultObjective.auditShare)
    .describe(
      'Share of the answers of other variants than the most accurate that this one checks afterwards, 0..1; nobody waits for that. 0: none.',
    ),
  profile: z.enum(['regular', 'weak']).default('regular').describe("The devices' links: regular or weak."),
  arrivals: z
    .enum(['periodic', 'poisson'])
    .default('periodic')
    .describe('How frames arrive: periodic or poisson.'),
  rate: z
    .number('expected a number')
    .min(0, 'must be >= 0')
    .max(1_000, 'must be <= 1000')
    .default(5)
    .describe('Frames per second per device. 0: none, for a cell that your own applications ask.'),
  port: whole(1)
    .max(65_471, 'must be <= 65471')
    .optional()
    .describe('Port of the first DeviceAgent, the others follow; free ones by default.'),
  cell: z
    .string()
    .optional()
    .describe(
      'File of a cell description (YAML or JSON), instead of --devices, --learner, --floor, --looks, --audits, --profile and --port.',
    ),
  models: z
    .string()
    .optional()
    .describe('Folder of a model family with labelled samples; the embedded one by default.'),
  seed: whole(0).default(1).describe('Seed of all randomness.'),
  logDir: z.string().optional().describe("Folder of the processes' logs; a temporary one by default."),
  stateDir: z
    .string()
    .optional()
    .describe("Folder of the learner's state across runs; a temporary one by default."),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe("Least severe messages in the processes' logs."),
  console: hostPort()
    .optional()
    .describe('Address of the web page over the cell; any free local port by default.'),
  noConsole: z
    .boolean()
    .default(false)
    .describe('Serve no web page. With --json there is none either, unless --console is given.'),
  metrics: z
    .boolean()
    .default(true)
    .describe('Serve Prometheus metrics of each process on a free port (--no-metrics: none).'),
  metricsTargets: z
    .string()
    .optional()
    .describe("File for the metrics addresses, for Prometheus's file_sd_configs; removed at the end."),
  verbose: z
    .boolean()
    .default(false)
    .describe('Say at which address each process serves what, not the console alone.'),
  json: z.boolean().default(false).describe('One JSON document on stdout instead of lines for people.'),
};
type UpConfig = Readonly<z.output<z.ZodObject<typeof shape>>>;

export default defineCommand({
  name,
  summary: 'Brings up a whole cell on this machine and sends labelled pictures through it, until Ctrl-C.',
  schema: z.object(shape).superRefine(({ rate, requests }, context) => {
    if (rate === 0 && requests !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['requests'],
        message: 'no frames are sent at --rate 0: give --duration to end the run, or nothing',
      });
  }),
  excludes: { cell: ['devices', 'learner', 'floor', 'looks', 'audits', 'profile', 'port'] },
  examples: [
    'weir up',
    'weir up --devices 5 --requests 500 --floor 0.75 --json',
    'weir up --looks 1',
    'weir up --rate 0 --port 7000',
    'weir up --learner edge-only --profile weak --duration 30',
    'weir up --learner ./mine.ts',
  ],
  async run(config, context) {
    const file = config.cell;
    const read =
      file === undefined ? undefined : await asUsage(name, '--cell', () => readCellDescription(file));
    const models = config.models ?? read?.models;
    const modelsField =
      config.models === undefined && read?.models !== undefined ? '--cell: models' : '--models';
    const family = await asUsage(name, modelsField, () => loadFamily(models));
    const samples = config.rate > 0 ? await asUsage(name, modelsField, () => samplesOf(family)) : [];
    checkFloor(name, config.floor, family);
    checkFloor(name, read?.objective.accuracyFloor, family, '--cell: objective.accuracyFloor');
    const asked = read ? { ...read, models } : cellOf(config, family);
    const learnerFlag = config.cell === undefined ? '--learner' : '--cell: learner';
    const description = { ...asked, learner: readLearner(name, learnerFlag, asked.learner) };
    await checkPaths(name, config);
    await asUsage(name, config.cell === undefined ? '--port' : '--cell', () => checkPorts(description));

    context.progress(
      `starting ${description.nodes.length + description.devices.length + 3} processes: ${names(description)}`,
    );
    await using cell = await startOrInterrupted(description, config, context);
    if (!cell) return Exit.interrupted;
    using _targets = writeTargets(cell, config.metricsTargets);
    for (const line of addresses(cell, config)) context.progress(line);
    await using page = await consoleOf(cell, config, context);
    if (page) context.progress(`console at ${page.url}`);

    await using learner = watchLearning({
      policyAddress: cell.policyAddress,
      cellId: description.cellId,
      clock: systemClock,
      random: seededRandom(config.seed).fork('watch'),
    });
    const live = {
      cell,
      description,
      context,
      learner,
      page,
      json: config.json,
      signal: endOf(config, context.signal),
    };
    const { document, text, failed } =
      config.rate > 0 ? await sendFrames(live, { ...config, samples }) : await awaitOthers(live);
    context.print(text);
    context.out(document);
    if (context.signal.aborted) return Exit.interrupted;
    return failed ? Exit.failed : Exit.done;
  },
});

/** Where agents answer is said to those who will ask them, all of it with --verbose. */
function addresses(cell: RunningCell, { verbose, rate, port }: UpConfig): string[] {
  const agents = cell.devices.map(({ id, address }) => `${id} answers on ${address}`);
  if (!verbose) return rate === 0 || port !== undefined ? agents : [];
  return [
    `PolicyService on ${cell.policyAddress}, Telemetry on ${cell.telemetryAddress}`,
    ...agents,
    ...cell.metrics.map(({ process, address }) => `${process} serves metrics at http://${address}/metrics`),
  ];
}

/** Stopping a cell while it starts is not a failure. */
async function startOrInterrupted(
  description: CellDescription,
  { logDir, stateDir, logLevel, metrics }: UpConfig,
  { signal }: CommandContext,
): Promise<RunningCell | undefined> {
  try {
    return await startCell(description, {
      logger: silentLogger,
      signal,
      logDir,
      stateDir,
      logLevel,
      metrics,
    });
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** The page is for people: with --json there is none unless requested. */
async function consoleOf(
  cell: RunningCell,
  { console: listen, noConsole, json }: UpConfig,
  { signal, progress }: CommandContext,
): Promise<CellConsole | undefined> {
  if (noConsole || (json && listen === undefined)) return undefined;
  try {
    return await startConsole(cell, { listen, logger: silentLogger, signal });
  } catch (error) {
    // The cell matters more: go on without the page.
    if (!signal.aborted) progress(`no console: ${(error as Error).message}`);
    return undefined;
  }
}

/** Rewritten by each run, as ports differ; removed at the end, so that Prometheus stops scraping. */
function writeTargets({ description, metrics }: RunningCell, file: string | undefined): Disposable {
  if (file === undefined) return { [Symbol.dispose]() {} };
  writeFileSync(file, `${JSON.stringify(scrapeTargets(description.cellId, metrics), null, 2)}\n`);
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) };
}

function endOf({ duration }: UpConfig, signal: AbortSignal): AbortSignal {
  return duration === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(duration * 1_000)]);
}

const names = ({ nodes, devices }: CellDescription) =>
  ['telemetry', 'policy', 'links', ...nodes.map(({ id }) => id), ...devices.map(({ id }) => id)].join(', ');
