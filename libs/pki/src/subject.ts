import { type FieldViolation, InvalidInput } from '@weir/base';
import { isIP } from 'node:net';

export const kinds = ['device', 'node', 'operator', 'service'] as const;
export type Kind = (typeof kinds)[number];
export const services = ['policy', 'telemetry', 'console'] as const;

/** Whom a certificate is for, and where it may listen. */
export interface Subject {
  readonly kind: Kind;
  readonly name: string;
  /** Devices and nodes belong to one; an operator without one acts in all; a service has none. */
  readonly cell?: string | undefined;
  /** Host names by which clients reach it; none for what only connects. */
  readonly dns: readonly string[];
  /** The same as IP addresses. */
  readonly ip: readonly string[];
}

const idPattern = /^[\w.:-]{1,128}$/;
const idExpected = 'expected 1..128 letters, digits, ".", "_", ":" and "-"';
const label = '[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?';
const hostPattern = new RegExp(`^(\\*\\.)?${label}(\\.${label})*$`);

/** Throws InvalidInput with every fault. */
export function checkSubject({ kind, name, cell, dns, ip }: Subject): void {
  const violations: FieldViolation[] = [];
  const refuse = (field: string, description: string) => violations.push({ field, description });
  if (!kinds.includes(kind)) refuse('kind', `expected one of: ${kinds.join(', ')}`);
  if (kind === 'service' && !services.includes(name as (typeof services)[number]))
    refuse('name', `expected one of: ${services.join(', ')}`);
  else if (!idPattern.test(name)) refuse('name', idExpected);
  if (cell !== undefined && kind === 'service') refuse('cell', 'a service belongs to no cell');
  else if (cell !== undefined && !idPattern.test(cell)) refuse('cell', idExpected);
  if (cell === undefined && (kind === 'device' || kind === 'node')) refuse('cell', `a ${kind} needs one`);
  for (const host of dns) if (!hostPattern.test(host)) refuse('dns', `${host} is no host name`);
  for (const address of ip) if (isIP(address) === 0) refuse('ip', `${address} is no IP address`);
  if (violations.length > 0) throw new InvalidInput(violations);
}

/** The URI of a subject in a trust domain, e.g. `spiffe://weir/weir/cell/cell-1/device/camera-7`. */
export function identityUri(trustDomain: string, { kind, name, cell }: Subject): string {
  const where = cell === undefined ? '' : `/cell/${encodeURIComponent(cell)}`;
  return `spiffe://${trustDomain}/weir${where}/${kind}/${encodeURIComponent(name)}`;
}

/** Its words on a screen and in file names, e.g. `device camera-7 of cell-1`. */
export const subjectText = ({ kind, name, cell }: Pick<Subject, 'kind' | 'name' | 'cell'>): string =>
  `${kind} ${name}${cell === undefined ? '' : ` of ${cell}`}`;

/** Throws InvalidInput unless it can be the first part of an identity. */
export function checkTrustDomain(trustDomain: string): void {
  if (/^[a-z0-9._-]{1,255}$/.test(trustDomain)) return;
  const description = 'expected 1..255 lower-case letters, digits, ".", "_" and "-"';
  throw new InvalidInput([{ field: 'trustDomain', description }]);
}
