import { type ConfigSpec, hostPort } from '@weir/base';
import { isLoopback } from '@weir/rpc';
import { z } from 'zod';

const file = () => z.string().optional();

const shape = {
  listen: hostPort()
    .default('127.0.0.1:0')
    .describe('Address of the page; port 0 takes any free one. Off loopback the page is read-only.'),
  cellId: z
    .string()
    .regex(/^[\w.:-]{1,128}$/, 'expected 1..128 letters, digits, ".", "_", ":" and "-"')
    .optional()
    .describe(
      'The one cell to show; by default every cell that Telemetry knows, to choose from (without Telemetry cell-1).',
    ),
  policy: hostPort().describe('Address of PolicyService.'),
  telemetry: hostPort().optional().describe('Address of Telemetry, where agents and nodes report.'),
  agents: z
    .array(hostPort())
    .max(64, 'must be <= 64')
    .default([])
    .describe(
      'Addresses of device agents that do not report to Telemetry, comma-separated: they are asked directly.',
    ),
  readOnly: z.boolean().default(false).describe('Show only: floor and learner cannot be changed.'),
  allowRemote: z.boolean().default(false).describe('Let other machines see the page.'),
  tokenFile: file().describe('File with a token, >= 16 characters, that the page asks for.'),
  listenTlsCert: file().describe('Certificate to serve the page with, over HTTPS, PEM file.'),
  listenTlsKey: file().describe('Private key of that certificate, PEM file.'),
  listenTlsCa: file().describe(
    "Authorities of operators' certificates, PEM file: the page is for their holders alone.",
  ),
  listenTlsCrl: file().describe("Revoked operators' certificates, PEM file."),
  hosts: z
    .array(hostPort())
    .default([])
    .describe("Further HOST:PORT names of the page, e.g. a reverse proxy's."),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe messages to log.'),
  tlsCert: file().describe('Certificate to present to the services, PEM file.'),
  tlsKey: file().describe('Private key of the certificate, PEM file.'),
  tlsCa: file().describe("Authorities that the services' certificates must come from, PEM file."),
  tlsCrl: z.string().optional().describe('Revoked certificates, PEM file: their holders are turned away.'),
  allowPlaintext: z.boolean().default(false).describe('Talk to services on other machines without TLS.'),
};

export const configSpec: ConfigSpec<typeof shape> = {
  name: 'weir console',
  summary: 'Serves a web page over a living cell: what runs where and why, and where the time goes.',
  schema: z
    .object(shape)
    .refine(({ listen, allowRemote }) => allowRemote || isLoopback(listen), {
      path: ['listen'],
      message: 'is not on loopback; --allow-remote lets other machines see the page',
    })
    .refine(({ listen, tokenFile, listenTlsCa }) => isLoopback(listen) || tokenFile || listenTlsCa, {
      path: ['listen'],
      message:
        'is not on loopback, so that the page must ask who is there: --token-file, or --listen-tls-ca for operators’ certificates',
    })
    .refine(
      ({ listen, listenTlsCert, allowPlaintext }) => isLoopback(listen) || listenTlsCert || allowPlaintext,
      {
        path: ['listen'],
        message:
          'is not on loopback: give --listen-tls-cert and --listen-tls-key, or --allow-plaintext, which sends the token unencrypted',
      },
    ),
  examples: ['weir console --policy 127.0.0.1:7002 --telemetry 127.0.0.1:7001'],
};

export type Config = Readonly<z.output<typeof configSpec.schema>>;
