import { type ConfigSpec, durationMs, hostPort, periodMs } from '@weir/base';
import { advertisedAddressFault } from '@weir/wire';
import { z } from 'zod';

const id = () =>
  z.string().regex(/^[\w.:-]{1,128}$/, 'expected 1..128 letters, digits, ".", "_", ":" and "-"');
const count = (most: number) =>
  z
    .number('expected a number')
    .int('expected a whole number')
    .min(1, 'must be >= 1')
    .max(most, `must be <= ${most}`);
const notNegative = () => z.number('expected a number').min(0, 'must be >= 0');
const file = () => z.string().optional();

const advertised = z.string().superRefine((address, context) => {
  const fault = address === 'none' ? undefined : advertisedAddressFault(address);
  if (fault !== undefined) context.addIssue({ code: 'custom', message: `${fault}, or none` });
});

const shape = {
  listen: hostPort().default('127.0.0.1:0').describe('Address to serve on; port 0 takes any free one.'),
  cellId: id().default('cell-1').describe('Cell whose devices the node serves; all: those of every cell.'),
  nodeId: id().default('worker-1').describe('Name of the node, unique in its cell.'),
  tier: z.enum(['edge', 'cloud']).default('edge').describe('Where the node is: edge or cloud.'),
  models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
  variants: z
    .array(z.string())
    .default([])
    .describe('Variants to serve, comma-separated; the whole family by default.'),
  slots: count(64).default(1).describe('Inferences that run at once, each in a thread of its own.'),
  threadsPerSession: count(64).default(1).describe('Threads of one inference.'),
  maxBatch: count(64)
    .default(8)
    .describe(
      'Most inferences of one variant that run together when several wait; how many gain is measured at the start. 1: none.',
    ),
  queueLimit: count(100_000).default(64).describe('Most inferences waiting; more are refused.'),
  dilationFactor: notNegative()
    .default(0)
    .describe(
      'Emulated processor: slowdown factor on the reference time of a variant; 0: this machine as it is.',
    ),
  idleCheckMs: periodMs()
    .default(10_000)
    .describe(
      'How often an idle node runs a variant by itself, to notice that its speed has changed, ms; 0: never.',
    ),
  metrics: hostPort().optional().describe('Address to serve Prometheus metrics on; none by default.'),
  telemetry: hostPort().optional().describe('Address of Telemetry; without it nothing is reported.'),
  advertise: advertised
    .optional()
    .describe(
      'Address that devices reach the node at, HOST:PORT: those that have no --targets learn of it through Telemetry. By default that of --listen; none: they do not.',
    ),
  idleWatts: notNegative().optional().describe('Power model: the idle node, W; assumed by tier when absent.'),
  busyWatts: notNegative()
    .optional()
    .describe('Power model: what fully used processors add, W; assumed by tier when absent.'),
  graceMs: durationMs()
    .default(10_000)
    .describe('How long accepted work may take to finish at shutdown, ms.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages to log.'),
  tlsCert: file().describe('Certificate to serve with and to present to Telemetry, PEM file.'),
  tlsKey: file().describe('Private key of the certificate, PEM file.'),
  tlsCa: file().describe("Authorities that others' certificates must come from, PEM file."),
  tlsCrl: z.string().optional().describe('Revoked certificates, PEM file: their holders are turned away.'),
  allowPlaintext: z.boolean().default(false).describe('Talk to other machines without TLS.'),
  reflection: z.boolean().default(true).describe('Let tools list the services and their messages.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'inference-worker',
  summary: 'Runs the model variants of one node, at the edge or in the cloud.',
  schema: z.object(shape),
  examples: [
    'inference-worker --tier edge --listen 127.0.0.1:7101 --slots 2',
    'inference-worker --models ./my-family --variants small,large',
  ],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
