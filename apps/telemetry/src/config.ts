import { type ConfigSpec, hostPort } from '@weir/base';
import { z } from 'zod';

const count = () => z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1');

const shape = {
  listen: hostPort().default('127.0.0.1:0').describe('Address to serve on; port 0 takes any free one.'),
  metrics: hostPort().optional().describe('Address to serve Prometheus metrics on; none by default.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages to log.'),
  tlsCert: z.string().optional().describe('Certificate to serve with, PEM file.'),
  tlsKey: z.string().optional().describe('Private key of the certificate, PEM file.'),
  tlsCa: z.string().optional().describe('Authorities that client certificates must come from, PEM file.'),
  tlsCrl: z.string().optional().describe('Revoked certificates, PEM file: their holders are turned away.'),
  allowPlaintext: z
    .boolean()
    .default(false)
    .describe('Serve other machines without TLS: all who reach the service may report and watch.'),
  reflection: z.boolean().default(true).describe('Let tools list the services and their messages.'),
  maxCells: count().default(256).describe('Most cells held at once; reports for more are refused.'),
  cellsPerCaller: count()
    .default(64)
    .describe(
      'Cells that one caller may report for; callers are told apart by certificate, else by address, on loopback by connection.',
    ),
  maxNodesPerCell: count().default(1_024).describe('Most nodes per cell; reports of more are refused.'),
  maxWatches: count().default(256).describe('Most watches open at once; more are refused.'),
  maxTargetWatches: count()
    .default(8_192)
    .describe('Most devices that are told of workers at once; more are refused.'),
  coalesceMs: z
    .number('expected a number of ms')
    .min(0, 'must be >= 0')
    .default(100)
    .describe('Least time between two messages to one watcher, ms.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'telemetry',
  summary: 'Collects the reports of all nodes and fans out the state of each cell.',
  schema: z.object(shape),
  examples: ['telemetry --listen 127.0.0.1:7001', 'WEIR_MAX_CELLS=16 telemetry'],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
