import type { Liveness } from '@weir/domain';
import { telemetry } from '@weir/proto';
import { enumTable } from './enum-table.ts';

const livenesses = enumTable<Liveness, telemetry.Liveness>({
  live: telemetry.Liveness.LIVE,
  stale: telemetry.Liveness.STALE,
  gone: telemetry.Liveness.GONE,
});

export const livenessToWire = livenesses.toWire;
/** Undefined for a value that says nothing. */
export const livenessFromWire = livenesses.fromWire;
