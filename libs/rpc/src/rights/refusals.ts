import type { Meter } from '@opentelemetry/api';
import type { Clock, Logger, WeirError } from '@weir/base';
import type { Role } from './identity.ts';

/** Time in which the same refusal of the same caller is told once, ms. */
const quietMs = 60_000;
/** Refusals remembered as told; with more, the rest of the minute is counted only. */
const mostTold = 256;

/** Who was refused: by its certificate, or else what is known of it. */
export interface Refused {
  readonly who: string;
  readonly role: Role | 'anonymous';
}

/** Counts every refusal, and logs each kind of each caller once a minute with how many there were. */
export function tellRefusals({
  logger,
  clock,
  meter,
}: {
  logger: Logger;
  clock: Clock;
  meter: Meter | undefined;
}): (refusal: WeirError, rpc: string, refused: Refused) => void {
  const count = meter?.createCounter('weir.rpc.refused', {
    unit: '{call}',
    description:
      'Calls refused because their caller is unknown, has no right to them, or has spent its quota.',
  });
  const told = new Map<string, { readonly at: number; more: number }>();
  return (refusal, rpc, { who, role }) => {
    count?.add(1, { 'rpc.method': rpc, 'weir.role': role, 'error.type': refusal.status });
    const now = clock.now();
    const key = `${who} ${rpc}`;
    const before = told.get(key);
    if (before && now - before.at < quietMs) return void before.more++;
    if (!before && told.size >= mostTold)
      for (const [old, { at }] of told) if (now - at >= quietMs) told.delete(old);
    if (!before && told.size >= mostTold) return;
    told.set(key, { at: now, more: 0 });
    logger.warn(
      { caller: who, rpc, ...(before?.more && { more: before.more }) },
      `refused: ${refusal.message}`,
    );
  };
}
