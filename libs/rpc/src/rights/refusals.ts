import type { Meter } from '@opentelemetry/api';
import type { Clock, Logger, WeirError } from '@weir/base';
import type { Caller } from './decide.ts';

/** Time in which the same refusal of the same caller is told once, ms. */
const quietMs = 60_000;
/** Refusals remembered as told; with more, the rest of the minute is counted only. */
const mostTold = 256;

/** Counts every refusal, and logs each kind of each caller once a minute with how many there were. */
export function tellRefusals({
  logger,
  clock,
  meter,
}: {
  logger: Logger;
  clock: Clock;
  meter: Meter | undefined;
}): (refusal: WeirError, rpc: string, caller: Caller) => void {
  const refused = meter?.createCounter('weir.rpc.refused', {
    unit: '{call}',
    description: 'Calls refused because their caller is unknown or has no right to them.',
  });
  const told = new Map<string, { readonly at: number; more: number }>();
  return (refusal, rpc, caller) => {
    const role = 'identity' in caller ? caller.identity.role : 'anonymous';
    refused?.add(1, { 'rpc.method': rpc, 'weir.role': role, 'error.type': refusal.status });
    const now = clock.now();
    const who = 'identity' in caller ? caller.identity.uri : caller.unknown;
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
