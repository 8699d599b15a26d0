import { mean, percentile } from '@weir/base';
import { hops } from '@weir/domain';
import type { FrameFailure, FrameRecord } from '@weir/cell';
import type { RecentView, TraceView } from './snapshot.ts';

/** Window and limit of the frames kept. */
export const kept = { ms: 30_000, most: 20_000, traces: 12 };
/** Window of response times and placements; accuracies need a longer one to mean anything. */
export const windowMs = 5_000;
export const accuracyMs = kept.ms;

/** The newest frames of a cell, summarised. `now`: epoch ms. */
export interface RecentFrames {
  /** Whether any frame was ever seen. */
  readonly seen: boolean;
  /** Summary of the newest frames, of one device or all; null without any in the last 5 s. */
  recent(now: number, deviceId?: string): RecentView | null;
  /** Median response time of the last 5 s. */
  medianMs(now: number): number | null;
  /** Frames per second by device and node, over the last 5 s. */
  flows(now: number): ReadonlyMap<string, number>;
  /** The newest answers, newest first. */
  traces(): TraceView[];
}

/** Frames that are reported one by one, as their application saw them. Memory is bounded. */
export class LiveFrames implements RecentFrames {
  #answered: FrameRecord[] = [];
  #failed: FrameFailure[] = [];
  seen = false;

  /** `aheadMs`: how far our clock is ahead of the clock that stamped the frames. */
  add(
    answered: readonly FrameRecord[],
    failed: readonly FrameFailure[],
    { aheadMs = 0 }: { aheadMs?: number } = {},
  ): void {
    const onOwnClock = <T extends { at: number }>(frame: T) => ({ ...frame, at: frame.at + aheadMs });
    this.seen = true;
    this.#answered.push(...answered.map(onOwnClock));
    this.#failed.push(...failed.map(onOwnClock));
  }

  recent(now: number, deviceId?: string): RecentView | null {
    this.#forget(now);
    const own = (frame: { deviceId: string; at: number }) =>
      deviceId === undefined || frame.deviceId === deviceId;
    const long = this.#answered.filter(own);
    const frames = long.filter(({ at }) => at > now - windowMs);
    const failed = this.#failed.filter((frame) => own(frame) && frame.at > now - windowMs).length;
    if (frames.length === 0 && failed === 0) return null;
    const known = long.filter(({ correct }) => correct !== undefined);
    const responses = frames.map(({ responseMs }) => responseMs);
    const meanMs = meanOf(responses);
    const errors = frames.map(({ predictedMs, responseMs }) => Math.abs(predictedMs - responseMs));
    return {
      framesPerSecond: round(frames.length / (windowMs / 1_000)),
      meanMs: round(meanMs),
      p95Ms: round(frames.length > 0 ? percentile(responses, 0.95) : 0),
      predictedMs: round(meanOf(frames.map(({ predictedMs }) => predictedMs))),
      predictionError: meanMs > 0 ? round(meanOf(errors) / meanMs, 3) : 0,
      expectedAccuracy: round(meanOf(long.map(({ expectedAccuracy }) => expectedAccuracy)), 4),
      right: known.length > 0 ? round(known.filter(({ correct }) => correct).length / known.length, 4) : null,
      lookedAgain: round(
        frames.filter(({ lookedAgain }) => lookedAgain).length / Math.max(1, frames.length),
        3,
      ),
      energyJ: round(meanOf(frames.map(({ energyJ }) => energyJ)), 4),
      hopsMs: hops.map((_, hop) => round(meanOf(frames.map(({ hopsMs }) => hopsMs[hop] ?? 0)))),
      placements: placementsOf(frames),
      reasons: countsOf(frames.map(({ reason }) => reason)),
      failed,
    };
  }

  medianMs(now: number): number | null {
    const responses = this.#answered
      .filter(({ at }) => at > now - windowMs)
      .map(({ responseMs }) => responseMs);
    return responses.length > 0 ? round(percentile(responses, 0.5)) : null;
  }

  flows(now: number): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { deviceId, nodeId, at } of this.#answered) {
      if (at <= now - windowMs) continue;
      const key = `${deviceId} ${nodeId}`;
      counts.set(key, (counts.get(key) ?? 0) + 1_000 / windowMs);
    }
    return counts;
  }

  traces(): TraceView[] {
    return this.#answered
      .slice(-kept.traces)
      .reverse()
      .map(({ at, correct, expectedAccuracy: _, hopsMs, responseMs, predictedMs, confidence, ...frame }) => ({
        ...frame,
        at: Math.round(at),
        correct: correct ?? null,
        responseMs: round(responseMs),
        predictedMs: round(predictedMs),
        confidence: round(confidence, 3),
        energyJ: round(frame.energyJ, 4),
        hopsMs: hopsMs.map((ms) => round(ms, 2)),
      }));
  }

  #forget(now: number): void {
    const since = now - kept.ms;
    const young = ({ at }: { at: number }) => at > since;
    if (this.#answered.length > kept.most || !young(this.#answered[0] ?? { at: Infinity }))
      this.#answered = this.#answered.filter(young).slice(-kept.most);
    if (this.#failed.length > kept.most || !young(this.#failed[0] ?? { at: Infinity }))
      this.#failed = this.#failed.filter(young).slice(-kept.most);
  }
}

function placementsOf(frames: readonly FrameRecord[]): RecentView['placements'] {
  const groups = Map.groupBy(frames, ({ nodeId, variant }) => `${nodeId} ${variant}`);
  return [...groups.values()]
    .map((group) => {
      const { tier, nodeId, variant } = group[0]!;
      return { tier, nodeId, variant, share: round(group.length / frames.length, 3) };
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, 8);
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

const meanOf = (values: readonly number[]) => (values.length > 0 ? mean(values) : 0);

/** Rounds away digits that no screen shows: they cost bytes. */
export function round(value: number, digits = 1): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
