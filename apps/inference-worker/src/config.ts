import { type ConfigSpec, durationMs, hostPort, periodMs } from '@weir/base';
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

const shape = {
  listen: hostPort().default('127.0.0.1:0').describe('Address to serve on; port 0 takes any free one.'),
  cellId: id().default('cell-1').describe('Cell that the node belongs to.'),
  nodeId: id().default('worker-1').describe('Name of the node, unique in its cell.'),
  tier: z.enum(['edge', 'cloud']).default('edge').describe('Where the node stands: edge or cloud.'),
  models: z.string().optional().describe('Folder of the model family; the embedded one when absent.'),
  variants: z
    .array(z.string())
    .default([])
    .describe('Variants to serve, comma-separated; all of the family when absent.'),
  slots: count(64).default(1).describe('Inferences that run at once, each in a thread of its own.'),
  threadsPerSession: count(64).default(1).describe('Threads of one inference.'),
  queueLimit: count(100_000).default(64).describe('Inferences that may wait; more are refused.'),
  dilationFactor: notNegative()
    .default(0)
    .describe(
      'Emulated processor: so many times the reference time of a variant; 0 is this machine as it is.',
    ),
  idleCheckMs: periodMs()
    .default(10_000)
    .describe(
      'A node that no frame uses runs a variant by itself each so many ms, to notice when it has become faster or slower; 0: never.',
    ),
  metrics: hostPort().optional().describe('Address to serve Prometheus metrics on; none when absent.'),
  telemetry: hostPort().optional().describe('Address of Telemetry; without it nothing is reported.'),
  idleWatts: notNegative()
    .optional()
    .describe("Power model: the idle node, W; an assumption by the node's tier when absent."),
  busyWatts: notNegative()
    .optional()
    .describe(
      "Power model: what fully used processors add, W; an assumption by the node's tier when absent.",
    ),
  graceMs: durationMs().default(10_000).describe('How long accepted work may go on at the end, ms.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages that are logged.'),
  tlsCert: file().describe('File of the certificate to serve with and to show to Telemetry, PEM.'),
  tlsKey: file().describe('File of its private key, PEM.'),
  tlsCa: file().describe('File of the authorities that the certificates of others must come from, PEM.'),
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
