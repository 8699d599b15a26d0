import type { Context, Tracer } from '@opentelemetry/api';
import { attributesOf, type InferenceFacts } from './attributes.ts';

/** Names of the spans of one look's hops, in the order in which a frame meets them. */
export const hopNames = ['agent', 'uplink', 'queue', 'decode', 'compute', 'downlink'] as const;
export type HopName = (typeof hopNames)[number];

/** Hops one after the other, from `from` on, ms since the epoch. */
export function drawHops(
  tracer: Tracer,
  hops: readonly (readonly [HopName, number])[],
  { context, from, facts }: { context: Context; from: number; facts?: InferenceFacts },
): void {
  let at = from;
  const attributes = facts ? attributesOf(facts) : {};
  for (const [name, durationMs] of hops) {
    const span = tracer.startSpan(name, { startTime: at, attributes }, context);
    at += durationMs;
    span.end(at);
  }
}
