import { ConfigError, InvalidInput, WeirError } from '@weir/base';
import { type Kind, kinds, type Subject } from '@weir/pki';
import { z } from 'zod';

const days = (most: number) =>
  z.number('expected a number of days').positive('must be > 0').max(most, `must be <= ${most}`);

export const authorityFlag = z
  .string()
  .min(1, 'must not be empty')
  .default('pki')
  .describe('Folder of the authority.');

/** Life of a certificate. */
export const daysFlag = days(825).default(30).describe('How long the certificate holds, days.');
export const authorityDaysFlag = days(36_500).default(3_650).describe('How long the authority holds, days.');

/** Whom a certificate is for. */
export const subjectFlags = {
  subject: z
    .array(z.string())
    .describe(`KIND NAME: ${kinds.join(', ')}, and its id; services are policy, telemetry and console.`),
  cell: z
    .string()
    .optional()
    .describe('Its cell [cell-1 for device and node]; an operator without one acts in every cell.'),
  dns: z.array(z.string()).default([]).describe('Host names by which others reach it, comma-separated.'),
  ip: z.array(z.string()).default([]).describe('IP addresses by which others reach it, comma-separated.'),
};

interface SubjectFlags {
  readonly subject: readonly string[];
  readonly cell?: string | undefined;
  readonly dns: readonly string[];
  readonly ip: readonly string[];
}

/** Throws ConfigError unless there are a kind and a name; whether they can be is for the library to say. */
export function subjectOf(command: string, { subject, cell, dns, ip }: SubjectFlags): Subject {
  const [kind, name, ...more] = subject;
  if (name === undefined || more.length > 0)
    throw new ConfigError(command, [
      { field: 'SUBJECT', description: 'expected KIND NAME, e.g. device camera-7' },
    ]);
  const needsCell = kind === 'device' || kind === 'node';
  return { kind: kind as Kind, name, cell: cell ?? (needsCell ? 'cell-1' : undefined), dns, ip };
}

/** Does it; what was asked for and cannot be is a fault of usage: exit 64 instead of 1. */
export async function asked<Value>(command: string, act: () => Value | Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof InvalidInput) throw new ConfigError(command, error.violations);
    if (error instanceof WeirError && (error.status === 'NOT_FOUND' || error.status === 'ALREADY_EXISTS'))
      throw new ConfigError(command, [{ field: '--authority', description: error.message }]);
    throw error;
  }
}
