import { type ConfigSpec, duration, durationMs, hostPort, periodMs, share, splitHostPort } from '@weir/base';
import { defaultObjective, mostLooks } from '@weir/domain';
import { isLearnerFile, learnerNames } from '@weir/learning';
import { checkNatsFlags, natsFlags } from '@weir/storage';
import { advertisedAddressFault, isAnyHost } from '@weir/wire';
import { z } from 'zod';

const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');

const weight = (fallback: number) =>
  z.number('expected a number').min(0, 'must be >= 0').max(1e9, 'must be <= 1e9').default(fallback);

const shape = {
  listen: hostPort().default('127.0.0.1:0').describe('Address to serve on; port 0 takes any free one.'),
  data: z
    .string()
    .min(1, 'expected a directory')
    .optional()
    .describe('Directory of what is learned; a temporary one, removed at the end, when not given.'),
  ...natsFlags,
  advertise: z
    .string()
    .superRefine((address, context) => {
      const fault = advertisedAddressFault(address);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .optional()
    .describe(
      'Address that devices reach this policy at, HOST:PORT: where others send those whose cells it owns. By default that of --listen; only with --store.',
    ),
  storeReplicas: z
    .number('expected a number')
    .int('expected a whole number')
    .min(1, 'must be >= 1')
    .max(5, 'must be <= 5')
    .optional()
    .describe(
      'Servers that an outcome is on before it is acknowledged; 3 where so many are named, else 1. Counts when the stream is made.',
    ),
  learner: z
    .string()
    .refine((learner) => isLearnerFile(learner) || (learnerNames as string[]).includes(learner), {
      error: `expected one of ${learnerNames.join(', ')}, or a file`,
    })
    .default('planner')
    .describe(
      `Learner of cells for which none was chosen at run time: ${learnerNames.join(', ')}, or a file of your own, e.g. ./mine.ts.`,
    ),
  models: z
    .array(z.string().min(1, 'expected a folder'))
    .min(1, 'expected at least one folder')
    .optional()
    .describe(
      'Folders of model families, comma-separated, or `embedded`: what their manifests say of variants and second looks holds, and no other variants are planned with. Without, most devices of a cell are believed.',
    ),
  accuracyFloor: share()
    .default(0)
    .describe(
      'Lowest average accuracy, 0..1, of cells for which no objective was set at run time; 0: no floor.',
    ),
  deadlineMs: durationMs()
    .max(86_400_000, 'must be <= a day')
    .default(10_000)
    .describe(
      'Deadline of a request that names none, ms, of cells for which no objective was set at run time.',
    ),
  meanWeight: weight(1).describe('Weight of the mean response time, likewise.'),
  tailWeight: weight(0).describe('Weight of the 95th percentile of the response time, likewise.'),
  energyMsPerJ: weight(0).describe('Price of energy, ms per J, likewise.'),
  allowedTiers: z
    .array(z.enum(['device', 'edge', 'cloud'], 'expected device, edge or cloud'))
    .min(1, 'expected at least one tier')
    .default(['device', 'edge', 'cloud'])
    .describe('Tiers that frames may use, comma-separated, likewise.'),
  looks: z
    .number('expected a number')
    .int('expected a whole number')
    .min(1, 'must be >= 1')
    .max(mostLooks, `must be <= ${mostLooks}`)
    .default(mostLooks)
    .describe(
      'Looks that a frame may get, likewise: with 2, the frames that a model is least sure of go to another one as well.',
    ),
  audits: share()
    .default(defaultObjective.auditShare)
    .describe(
      'Share of the answers of other variants than the most accurate that this one checks afterwards, likewise, 0..1.',
    ),
  leaseMs: durationMs().default(5_000).describe('Validity of a directive, ms; renewed at half of it.'),
  replanMs: durationMs().min(10, 'must be >= 10').default(1_000).describe('Time between regular plans, ms.'),
  graceMs: durationMs()
    .default(30_000)
    .describe('How long a device that has lost its session stays in the plan, ms.'),
  snapshotMs: durationMs()
    .min(10, 'must be >= 10')
    .default(10_000)
    .describe('Time between snapshots of a learner that has learned something, ms.'),
  snapshotVersions: count()
    .max(1_000, 'must be <= 1000')
    .default(24)
    .describe('Versions of what a learner knew that are kept per cell, for weir snapshot rollback.'),
  snapshotVersionMs: durationMs()
    .min(10, 'must be >= 10')
    .default(3_600_000)
    .describe('Time between such versions while the learner learns, ms.'),
  fleetPriorMs: periodMs()
    .refine((ms) => ms === 0 || ms >= 1_000, 'must be 0, or >= 1000')
    .default(600_000)
    .describe(
      'Time between two priors made from what all cells have learned, which a cell with nothing learned begins with, ms; 0: it begins without.',
    ),
  retention: count().default(200_000).describe('Outcomes kept per cell.'),
  seed: z
    .number('expected a number')
    .int('expected a whole number')
    .min(0, 'must be >= 0')
    .default(1)
    .describe('Seed of the learners’ chance.'),
  maxCells: count().default(256).describe('Cells held at once; more are refused.'),
  cellsPerCaller: count()
    .default(64)
    .describe(
      'Cells that one caller may have opened; callers are told apart by certificate, else by address, on loopback by connection.',
    ),
  idleCellMs: durationMs()
    .min(1_000, 'must be >= 1000')
    .default(600_000)
    .describe('Time after which a cell without devices is closed, ms; what it learned is kept.'),
  expireCells: duration(60_000, '1m')
    .optional()
    .describe(
      'Delete a cell, with all that is stored of it, once no device has been connected to it for so long, e.g. 30d; never when not given.',
    ),
  maxDevices: count().default(2_000).describe('Devices of one cell; more are refused.'),
  maxWatches: count().default(256).describe('Watchers of learners at once; more are refused.'),
  metrics: hostPort().optional().describe('Address to serve Prometheus metrics on; none when absent.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages that are logged.'),
  tlsCert: z.string().optional().describe('File of the certificate to serve with, PEM.'),
  tlsKey: z.string().optional().describe('File of its private key, PEM.'),
  tlsCa: z
    .string()
    .optional()
    .describe('File of the authorities that clients must have a certificate of, PEM.'),
  tlsCrl: z.string().optional().describe('Revoked certificates, PEM file: their holders are turned away.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Serve other machines without TLS: all who reach the service may steer it.'),
  reflection: z.boolean().default(true).describe('Let tools list the services and their messages.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'policy-service',
  summary: 'Learns what inferences cost, plans the devices of each cell together, and pushes directives.',
  schema: z
    .object(shape)
    .refine(({ meanWeight, tailWeight }) => meanWeight !== 0 || tailWeight !== 0, {
      path: ['meanWeight'],
      message: 'must be > 0 when the tail weight is 0',
    })
    .refine(({ store, data }) => store === undefined || data === undefined, {
      path: ['data'],
      message: 'must not be given with --store, which keeps what is learned',
    })
    .refine(
      ({ store, advertise, storeReplicas }) =>
        store !== undefined || (advertise === undefined && storeReplicas === undefined),
      { path: ['store'], message: 'must be given where other flags of it are' },
    )
    .superRefine(checkNatsFlags)
    .refine(
      ({ store, advertise, listen }) =>
        store === undefined || advertise !== undefined || !isAnyHost(splitHostPort(listen).host),
      {
        path: ['advertise'],
        message: 'needed, as --listen does not say how devices reach this policy: give HOST:PORT',
      },
    ),
  examples: [
    'policy-service --data /var/lib/weir --accuracy-floor 0.8',
    'policy-service --store nats://10.0.0.1:4222,nats://10.0.0.2:4222,nats://10.0.0.3:4222',
    'WEIR_LEARNER=edge-only policy-service',
    'policy-service --learner ./mine.ts',
    'policy-service --models embedded,./my-family',
  ],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
