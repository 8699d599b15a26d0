import { lowerMedian } from '@weir/base';
import type { Outcome } from '@weir/domain';

/** How long what a device measured speaks for a node, ms: when the others have gone, one that is left is believed again. */
const freshMs = 20_000;
/** Others that must have measured a node lately before one that says something else is not believed. */
const witnesses = 2;
/** Factor by which measurements of one node may differ: how many are there, and batches, make as much. */
const mostApart = 3;
/** Measurements of one device whose median counts. */
const remembered = 5;
/** Things measured, and devices of each, that are remembered. */
const most = { things: 4_096, reporters: 64 };

/** Who has measured one thing. */
interface Measured {
  readonly reporters: Map<string, Reporter>;
  at: number;
}

interface Reporter {
  readonly deviceId: string;
  readonly times: number[];
  /** Of the times. */
  median: number;
  at: number;
}

/**
 * Holds what one device says of a shared node against what others have measured there lately. Where it is far from all of
 * them, the rest of the time is taken to be that device's own way there: its experience counts for itself, and for nobody
 * else until a second one tells the same.
 */
export class Witnesses {
  /**
   * By node, then device: times relative to what the node's own benchmark says of the variant. Of a variant of which it says
   * nothing, by node and variant.
   */
  readonly #measured = new Map<string, Measured>();

  /** The outcome as it may be learned from. `serviceMs`: of the node's own benchmark, where there is one; `now`: ms. */
  hear(outcome: Outcome, { serviceMs, now }: { serviceMs: number | undefined; now: number }): Outcome {
    const { deviceId, placement, hops, failure } = outcome;
    const { computeMs } = hops;
    if (placement.tier === 'device' || failure !== undefined || !(computeMs > 0)) return outcome;
    const key = JSON.stringify([placement.nodeId, serviceMs === undefined && placement.variant]);
    const unitMs = serviceMs ?? 1;
    const relative = computeMs / unitMs;
    const measured = this.#measured.get(key) ?? { reporters: new Map<string, Reporter>(), at: now };
    const believed = believedOf(relative, measured.reporters, { deviceId, now });
    remember(measured.reporters, { deviceId, relative, now });
    measured.at = now;
    putAtMost(this.#measured, key, measured, most.things);
    if (believed === relative) return outcome;
    const believedMs = unitMs * believed;
    const uplinkMs = Math.max(0, hops.uplinkMs + computeMs - believedMs);
    return { ...outcome, hops: { ...hops, computeMs: believedMs, uplinkMs } };
  }

  /** Forgets what those devices have measured. */
  forget(deviceIds: readonly string[]): void {
    for (const [key, { reporters }] of this.#measured) {
      for (const deviceId of deviceIds) reporters.delete(deviceId);
      if (reporters.size === 0) this.#measured.delete(key);
    }
  }
}

function remember(
  reporters: Map<string, Reporter>,
  { deviceId, relative, now }: { deviceId: string; relative: number; now: number },
): void {
  const own = reporters.get(deviceId) ?? { deviceId, times: [], median: relative, at: now };
  own.times.push(relative);
  if (own.times.length > remembered) own.times.shift();
  own.median = lowerMedian(own.times);
  own.at = now;
  putAtMost(reporters, deviceId, own, most.reporters);
}

/** The one that has been silent for longest makes room. Looked for only then: an order kept in the map has it rebuilt all the time. */
function putAtMost<T extends { readonly at: number }>(
  map: Map<string, T>,
  key: string,
  value: T,
  size: number,
): void {
  map.set(key, value);
  if (map.size <= size) return;
  let longest: readonly [string, T] | undefined;
  for (const entry of map) if (!longest || entry[1].at < longest[1].at) longest = entry;
  map.delete(longest![0]);
}

/** What of the device's time is the node's, by the others who have measured there lately. */
function believedOf(
  relative: number,
  reporters: ReadonlyMap<string, Reporter>,
  { deviceId, now }: { deviceId: string; now: number },
): number {
  let [others, least, largest] = [0, Infinity, -Infinity];
  for (const { deviceId: id, at, median } of reporters.values()) {
    if (id === deviceId || now - at > freshMs) continue;
    // One who says about the same is enough, whatever the rest say.
    if (relative <= mostApart * median && relative >= median / mostApart) return relative;
    others++;
    least = Math.min(least, median);
    largest = Math.max(largest, median);
  }
  if (others < witnesses || (relative <= mostApart * largest && relative >= least / mostApart))
    return relative;
  return relative > largest ? largest : least;
}
