import type { Violations } from '@weir/base';
import type { Reason } from '@weir/domain';
import { agent } from '@weir/proto';
import { enumTable } from './enum-table.ts';

const reasons = enumTable<Reason, agent.Reason>({
  planned: agent.Reason.PLANNED,
  explored: agent.Reason.EXPLORED,
  deviated: agent.Reason.DEVIATED,
  fallback: agent.Reason.FALLBACK,
  unsure: agent.Reason.UNSURE,
  audit: agent.Reason.AUDIT,
});

export const reasonToWire = reasons.toWire;

/** `planned` stands in for a reason that is none, which is noted. */
export function reasonFromWire(reason: agent.Reason, field: string, violations: Violations): Reason {
  const name = reasons.fromWire(reason);
  violations.check(
    name !== undefined,
    field,
    'expected REASON_PLANNED, _EXPLORED, _DEVIATED, _FALLBACK, _UNSURE or _AUDIT',
  );
  return name ?? 'planned';
}

/** For people: `planned`, `explored`, `deviated`, `fallback`, `unsure`, `audit`, or `unspecified`. */
export const reasonName = (reason: agent.Reason | undefined): string =>
  reasons.fromWire(reason) ?? 'unspecified';
