import { type ConfigSpec, hostPort } from '@weir/base';
import { isLoopback } from '@weir/rpc';
import { z } from 'zod';

const file = () => z.string().optional();

const shape = {
  listen: hostPort()
    .default('127.0.0.1:0')
    .describe('Address of the page; port 0 takes any free one. Off loopback the page only shows.'),
  cellId: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'expected 1..128 letters, digits, ".", "_", ":" and "-"')
    .default('cell-1')
    .describe('Cell to show.'),
  policy: hostPort().describe('Address of PolicyService.'),
  telemetry: hostPort()
    .optional()
    .describe('Address of Telemetry; without it nodes and links are not shown.'),
  agents: z
    .array(hostPort())
    .max(64, 'must be <= 64')
    .default([])
    .describe('Addresses of device agents, comma-separated; without them devices are shown as planned.'),
  readOnly: z.boolean().default(false).describe('Show only: neither floor nor learner can be changed.'),
  allowRemote: z.boolean().default(false).describe('Let other machines see the page.'),
  hosts: z
    .array(hostPort())
    .default([])
    .describe('Further HOST:PORT by which browsers may name the page, e.g. of a proxy before it.'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages that are logged.'),
  tlsCert: file().describe('File of the certificate to show to the services, PEM.'),
  tlsKey: file().describe('File of its private key, PEM.'),
  tlsCa: file().describe("File of the authorities that the services' certificates must come from, PEM."),
  allowPlaintext: z.boolean().default(false).describe('Talk to services on other machines without TLS.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'weir console',
  summary: 'Serves a web page over a living cell: what runs where and why, and where the time goes.',
  schema: z.object(shape).refine(({ listen, allowRemote }) => allowRemote || isLoopback(listen), {
    path: ['listen'],
    message: 'is not on loopback; --allow-remote lets other machines see the page',
  }),
  examples: [
    'weir console --policy 127.0.0.1:7002 --telemetry 127.0.0.1:7001 --agents 127.0.0.1:7201,127.0.0.1:7202',
  ],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
