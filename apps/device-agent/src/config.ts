import { type ConfigSpec, durationMs, hostPort, periodMs, share } from '@weir/base';
import { mostLooks } from '@weir/domain';
import { everyCell, joinTargets, type TargetAddress, targetFromText } from '@weir/wire';
import { z } from 'zod';

const id = () =>
  z.string().regex(/^[\w.:-]{1,128}$/, 'expected 1..128 letters, digits, ".", "_", ":" and "-"');
const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');
const notNegative = () => z.number('expected a number').min(0, 'must be >= 0');
const tier = z.enum(['device', 'edge', 'cloud']);
const file = () => z.string().optional();

/** Commas separate targets, and the models of one. */
const targets = z.array(z.string()).transform((parts, context): readonly TargetAddress[] =>
  joinTargets(parts).flatMap((text) => {
    const target = targetFromText(text);
    if (!('fault' in target)) return target;
    context.addIssue({ code: 'custom', message: target.fault });
    return [];
  }),
);

/** As browsers send it. */
const origin = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text;
}, 'expected an origin such as https://example.com or http://localhost:8000');

const shape = {
  listen: hostPort().default('127.0.0.1:0').describe('Address to serve on; port 0 takes any free one.'),
  webListen: hostPort()
    .optional()
    .describe('Address to serve pages in browsers on (Connect, gRPC-Web); none by default.'),
  webOrigins: z
    .array(origin)
    .default([])
    .describe('Origins of the pages that may ask there: https://example.com,http://localhost:8000.'),
  cellId: id()
    .refine((cell) => cell !== everyCell, 'is for workers that serve every cell: a device belongs to one')
    .default('cell-1')
    .describe('Cell the device belongs to.'),
  deviceId: id().default('device-1').describe('Name of the device, unique in its cell.'),
  policy: z
    .array(hostPort())
    .min(1, 'expected at least one address')
    .optional()
    .describe(
      'Address of PolicyService, or of several that share the cells, comma-separated; without it the agent decides alone.',
    ),
  metrics: hostPort().optional().describe('Address to serve Prometheus metrics on; none by default.'),
  telemetry: hostPort().optional().describe('Address of Telemetry; without it nothing is reported.'),
  targets: targets
    .default([])
    .describe(
      'Workers that frames may run on: edge-1=edge@HOST:PORT,cloud-1=cloud@HOST:PORT. Servers of the Open Inference Protocol (Triton, KServe, MLServer, OpenVINO Model Server) too: cloud-1=cloud@HOST:PORT;protocol=oip;models=VARIANT:MODEL,VARIANT:MODEL/VERSION;slots=2 (docs/oip.md).',
    ),
  discover: z
    .boolean()
    .default(true)
    .describe(
      'Send frames to the workers of the cell that report to Telemetry too; --targets comes before them.',
    ),
  models: z.string().optional().describe('Folder of the model family; the embedded one by default.'),
  localVariants: z
    .array(z.string())
    .default([])
    .describe('Variants that run on the device itself; the whole family by default, "none" for none of it.'),
  slots: count().max(64, 'must be <= 64').default(1).describe('Inferences the device runs at once.'),
  threadsPerSession: count().max(64, 'must be <= 64').default(1).describe('Threads of one inference.'),
  dilationFactor: notNegative()
    .default(0)
    .describe(
      'Emulated processor: slowdown factor on the reference time of a variant; 0: this machine as it is.',
    ),
  idleCheckMs: periodMs()
    .default(10_000)
    .describe(
      'How often an idle processor runs a variant by itself, to notice that its speed has changed, ms; 0: never.',
    ),
  idleWatts: notNegative().default(2).describe('Power model: the idle device, W.'),
  busyWatts: notNegative().default(4).describe('Power model: what a fully used processor adds, W.'),
  radioWatts: notNegative().default(1).describe('Power model: what sending and receiving adds, W.'),
  maxInFlight: count()
    .default(64)
    .describe(
      'Most frames in flight; streams are read no further until there is room, single calls are refused.',
    ),
  queueLimit: count()
    .default(32)
    .describe("Most frames waiting for the device's own processor; more are refused."),
  outcomeBuffer: count()
    .max(1_000_000, 'must be <= 1000000')
    .default(10_000)
    .describe('Most outcomes kept until PolicyService acknowledges them; beyond it the oldest is dropped.'),
  accuracyFloor: share().optional().describe("Raises the cell's accuracy floor, 0..1."),
  deadlineMs: durationMs().optional().describe("Shortens the cell's default deadline, ms."),
  looks: count()
    .max(mostLooks, `must be <= ${mostLooks}`)
    .optional()
    .describe(
      'Lowers the looks that the cell allows a frame: with 1 its first answer stands, with 2 another variant looks again where the first is unsure.',
    ),
  hedgeShare: share()
    .default(0.05)
    .describe(
      'Work that the device may do on top, as a share of that of its frames, 0..1, to answer by itself too where a target may miss the deadline. 0: none.',
    ),
  audits: share()
    .optional()
    .describe(
      "Share of the answers of other variants than the most accurate that this one checks afterwards, 0..1, in place of the cell's; nobody waits for that.",
    ),
  allowedTiers: z
    .array(tier)
    .min(1, 'expected at least one tier')
    .optional()
    .describe(
      "Narrows the cell's tiers; device alone: no frame leaves the device. Until a policy has told the cell's, frames may use these, or the device alone where none are named.",
    ),
  graceMs: durationMs()
    .default(10_000)
    .describe('How long frames in flight may take to finish at shutdown, ms.'),
  seed: z
    .number('expected a number')
    .int('expected a whole number')
    .min(0)
    .default(1)
    .describe('Seed of chance.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages to log.'),
  tlsCert: file().describe('Certificate to present to policy, telemetry and targets, PEM file.'),
  tlsKey: file().describe('Private key of the certificate, PEM file.'),
  tlsCa: file().describe('Authorities that their certificates must come from, PEM file.'),
  tlsCrl: file().describe('Revoked certificates, PEM file: their holders are turned away.'),
  listenTlsCert: file().describe(
    'Certificate to serve applications with, PEM file; without one they are served in plain text, on loopback alone.',
  ),
  listenTlsKey: file().describe('Private key of that certificate, PEM file.'),
  listenTlsCa: file().describe('Authorities that the certificates of applications must come from, PEM file.'),
  listenTlsCrl: file().describe('Revoked certificates of applications, PEM file.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Talk to other machines without TLS, and serve them: who reaches the agent may steer it.'),
  reflection: z.boolean().default(true).describe('Let tools list the services and their messages.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'device-agent',
  summary: 'Answers the frames of one device, each where and with the model variant that suits it best.',
  schema: z.object(shape).superRefine(({ targets, deviceId, webListen, webOrigins }, context) => {
    if ((webListen === undefined) !== (webOrigins.length === 0))
      context.addIssue({
        code: 'custom',
        path: [webListen === undefined ? 'webListen' : 'webOrigins'],
        message: 'missing: the address for pages and the origins that may ask there go together',
      });
    const ids = [deviceId, ...targets.map(({ nodeId }) => nodeId)];
    const twice = ids.find((nodeId, index) => ids.indexOf(nodeId) !== index);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', path: ['targets'], message: `${twice} is named twice` });
  }),
  examples: [
    'device-agent --targets edge-1=edge@127.0.0.1:7101,cloud-1=cloud@127.0.0.1:7102 --policy 127.0.0.1:7002',
    "device-agent --targets 'cloud-1=cloud@127.0.0.1:8001;protocol=oip;models=0.50-int8:small,1.00-fp32:large'",
    'device-agent --looks 1',
    'device-agent --web-listen 127.0.0.1:7080 --web-origins http://localhost:8000',
    'device-agent --allowed-tiers device --local-variants mobilenet-v1-0.25-int8',
  ],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
