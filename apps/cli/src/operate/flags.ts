import { hostPort } from '@weir/base';
import type { Security } from '@weir/rpc';
import { z } from 'zod';

const file = () => z.string().optional();

/** What every command has that talks to a running cell's services. */
export const securityFlags = {
  tlsCert: file().describe('Certificate to present to the services, PEM file.'),
  tlsKey: file().describe('Private key of the certificate, PEM file.'),
  tlsCa: file().describe("Authorities that the services' certificates must come from, PEM file."),
  tlsCrl: z.string().optional().describe('Revoked certificates, PEM file: their holders are turned away.'),
  allowPlaintext: z.boolean().default(false).describe('Talk to services on other machines without TLS.'),
};

const cellName = () =>
  z.string().regex(/^[\w.:-]{1,128}$/, 'expected 1..128 letters, digits, ".", "_", ":" and "-"');

export const cellIdFlag = cellName().default('cell-1').describe('The cell.');

export const jsonFlag = z
  .boolean()
  .default(false)
  .describe('One JSON document on stdout instead of lines for people.');

export const replaceFlag = z.boolean().default(false).describe('Replace the file if there is one.');

/** What every command has that talks to PolicyService. */
export const serviceFlags = {
  policy: hostPort().describe('Address of PolicyService.'),
  ...securityFlags,
  json: jsonFlag,
};

/** Those of a command that is about one cell. */
export const policyFlags = { ...serviceFlags, cellId: cellIdFlag };

/** Those of a command that is about all cells unless one is named, whatever `cellId` the environment sets. */
export const fleetFlags = {
  ...serviceFlags,
  cell: cellName().optional().describe('The one cell; all of them when not given.'),
};

export const telemetryFlag = hostPort().describe('Address of Telemetry.');

interface SecurityFlags {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsCa?: string | undefined;
  readonly tlsCrl?: string | undefined;
  readonly allowPlaintext: boolean;
}

export const securityOf = ({ tlsCert, tlsKey, tlsCa, tlsCrl, allowPlaintext }: SecurityFlags): Security => ({
  tls: { cert: tlsCert, key: tlsKey, ca: tlsCa, crl: tlsCrl },
  allowPlaintext,
});
