import { hops } from '@weir/domain';
import type { agent } from '@weir/proto';
import { reasonName, responsePercentile, tierName } from '@weir/wire';
import { accuracyMs, kept, type RecentFrames, round, windowMs } from './live-frames.ts';
import type { RecentView, TraceView } from './snapshot.ts';

type Status = Pick<
  agent.GetStatusResponse,
  'deviceId' | 'instanceId' | 'failed' | 'frames' | 'newest' | 'measured'
>;

/** A reading of an agent's counters; `at`: epoch ms. */
interface Reading {
  readonly status: Status;
  readonly at: number;
}

/** Frames of one place and reason. */
interface Group {
  readonly answered: agent.AnsweredFrames;
  readonly frames: number;
}

/** What came between two readings of one agent. */
interface Stretch {
  readonly deviceId: string;
  readonly seconds: number;
  readonly groups: readonly Group[];
  readonly buckets: readonly number[];
  readonly failed: number;
}

const mostDevices = 64;

/** The newest frames of a cell, from what its agents have counted: nobody has seen them one by one. Memory is bounded. */
export class CountedFrames implements RecentFrames {
  readonly #readings = new Map<string, Reading[]>();

  /** Whether any agent has counted any. */
  get seen(): boolean {
    return [...this.#readings.values()].some((readings) => readings.at(-1)?.status.frames !== undefined);
  }

  /** A reading; one that has been taken already does nothing. */
  add(status: Status, at: number): void {
    const { deviceId, instanceId } = status;
    const readings = this.#readings.get(deviceId) ?? [];
    const last = readings.at(-1);
    if (!status.frames || last?.status === status || (last && at <= last.at)) return;
    if (!this.#readings.has(deviceId) && this.#readings.size >= mostDevices) return;
    // Another run begins to count again.
    const same = last?.status.instanceId === instanceId ? readings : [];
    // One that is older stays: the stretch begins with it.
    const from = same.findLastIndex((reading) => reading.at <= at - kept.ms);
    this.#readings.set(deviceId, [...same.slice(Math.max(0, from)), { status, at }]);
  }

  /** Forgets the devices that are not among these. */
  keepOnly(deviceIds: ReadonlySet<string>): void {
    for (const deviceId of this.#readings.keys())
      if (!deviceIds.has(deviceId)) this.#readings.delete(deviceId);
  }

  recent(now: number, deviceId?: string): RecentView | null {
    const stretches = this.#stretches(now, windowMs, deviceId);
    const groups = stretches.flatMap((stretch) => stretch.groups);
    const frames = sum(groups.map((group) => group.frames));
    const failed = sum(stretches.map((stretch) => stretch.failed));
    if (frames === 0 && failed === 0) return null;
    const mean = (of: (answered: agent.AnsweredFrames) => number) =>
      sum(groups.map(({ answered }) => of(answered))) / Math.max(1, frames);
    const hopsMs = hops.map(({ key }) => mean((answered) => answered.hops?.[key] ?? 0));
    const meanMs = sum(hopsMs);
    const long = this.#stretches(now, accuracyMs, deviceId).flatMap((stretch) => stretch.groups);
    const promised = sum(long.map(({ answered }) => answered.expectedAccuracy));
    return {
      framesPerSecond: round(sum(stretches.map(rateOf))),
      meanMs: round(meanMs),
      p95Ms: round(responsePercentile(bucketsOf(stretches), 0.95) || 0),
      predictedMs: round(mean(({ predictedMs }) => predictedMs)),
      predictionError: meanMs > 0 ? round(mean(({ predictionErrorMs }) => predictionErrorMs) / meanMs, 3) : 0,
      expectedAccuracy: round(promised / Math.max(1, sum(long.map((group) => group.frames))), 4),
      right: this.#right(now, deviceId),
      lookedAgain: round(
        mean(({ lookedAgain }) => Number(lookedAgain)),
        3,
      ),
      energyJ: round(
        mean(({ energyJ }) => energyJ),
        4,
      ),
      hopsMs: hopsMs.map((ms) => round(ms)),
      placements: placementsOf(groups, frames),
      reasons: reasonsOf(groups),
      failed,
    };
  }

  medianMs(now: number): number | null {
    const median = responsePercentile(bucketsOf(this.#stretches(now, windowMs)), 0.5);
    return Number.isNaN(median) ? null : round(median);
  }

  flows(now: number): ReadonlyMap<string, number> {
    const flows = new Map<string, number>();
    for (const { deviceId, seconds, groups } of this.#stretches(now, windowMs))
      for (const { answered, frames } of groups) {
        const key = `${deviceId} ${answered.placement?.nodeId ?? ''}`;
        flows.set(key, (flows.get(key) ?? 0) + frames / seconds);
      }
    return flows;
  }

  traces(): TraceView[] {
    return [...this.#readings.values()]
      .flatMap((readings) => {
        const { status, at } = readings.at(-1)!;
        return status.newest.map((frame) => traceOf(status.deviceId, frame, at));
      })
      .sort((a, b) => b.at - a.at)
      .slice(0, kept.traces);
  }

  /** Of the agents that were heard within it, as far as they were heard. */
  #stretches(now: number, ms: number, deviceId?: string): Stretch[] {
    return [...this.#readings].flatMap(([id, readings]) => {
      const last = readings.at(-1)!;
      if ((deviceId !== undefined && id !== deviceId) || last.at <= now - ms) return [];
      const first = readings.findLast(({ at }) => at <= last.at - ms) ?? readings[0]!;
      return first === last ? [] : [between(first, last)];
    });
  }

  /** Share of the answers whose truth was told in the last 30 s. */
  #right(now: number, deviceId?: string): number | null {
    let [labelled, right] = [0, 0];
    for (const [id, readings] of this.#readings) {
      const last = readings.at(-1)!;
      if ((deviceId !== undefined && id !== deviceId) || last.at <= now - accuracyMs) continue;
      const counts = [readings[0]!, last].map(({ status: { measured } }) => ({
        labelled: Number(measured?.labelled ?? 0),
        right: Number(measured?.labelled ?? 0) * (measured?.right ?? 0),
      }));
      labelled += counts[1]!.labelled - counts[0]!.labelled;
      right += counts[1]!.right - counts[0]!.right;
    }
    return labelled > 0 ? round(Math.min(1, Math.max(0, right / labelled)), 4) : null;
  }
}

function between(first: Reading, last: Reading): Stretch {
  const before = new Map(first.status.frames!.answered.map((answered) => [keyOf(answered), answered]));
  const bucketsBefore = first.status.frames!.responseBuckets;
  return {
    deviceId: last.status.deviceId,
    seconds: (last.at - first.at) / 1_000,
    groups: last.status
      .frames!.answered.map((answered) => less(answered, before.get(keyOf(answered))))
      .filter(({ frames }) => frames > 0),
    buckets: last.status.frames!.responseBuckets.map((count, at) =>
      Math.max(0, Number(count) - Number(bucketsBefore[at] ?? 0n)),
    ),
    failed: Math.max(0, Number(last.status.failed - first.status.failed)),
  };
}

const keyOf = ({ placement, reason }: agent.AnsweredFrames) =>
  JSON.stringify([placement?.nodeId, placement?.variant, reason]);

/** What has been added since; all of it where the place was forgotten meanwhile. */
function less(now: agent.AnsweredFrames, before: agent.AnsweredFrames | undefined): Group {
  if (!before || before.frames > now.frames) return { answered: now, frames: Number(now.frames) };
  const hopsMs = Object.fromEntries(
    hops.map(({ key }) => [key, (now.hops?.[key] ?? 0) - (before.hops?.[key] ?? 0)]),
  );
  return {
    answered: {
      ...now,
      lookedAgain: now.lookedAgain - before.lookedAgain,
      hops: hopsMs as unknown as NonNullable<typeof now.hops>,
      predictedMs: now.predictedMs - before.predictedMs,
      predictionErrorMs: now.predictionErrorMs - before.predictionErrorMs,
      expectedAccuracy: now.expectedAccuracy - before.expectedAccuracy,
      energyJ: now.energyJ - before.energyJ,
    },
    frames: Number(now.frames - before.frames),
  };
}

const rateOf = ({ groups, seconds }: Stretch) => sum(groups.map(({ frames }) => frames)) / seconds;

function bucketsOf(stretches: readonly Stretch[]): number[] {
  const counts: number[] = [];
  for (const { buckets } of stretches)
    for (const [at, count] of buckets.entries()) counts[at] = (counts[at] ?? 0) + count;
  return counts;
}

function placementsOf(groups: readonly Group[], frames: number): RecentView['placements'] {
  const places = Map.groupBy(groups, ({ answered: { placement } }) =>
    JSON.stringify([placement?.nodeId, placement?.variant]),
  );
  return [...places.values()]
    .map((same) => {
      const { tier, nodeId = '', variant = '' } = same[0]!.answered.placement ?? {};
      const share = sum(same.map((group) => group.frames)) / frames;
      return { tier: tierName(tier), nodeId, variant, share: round(share, 3) };
    })
    .sort((a, b) => b.share - a.share)
    .slice(0, 8);
}

function reasonsOf(groups: readonly Group[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { answered, frames } of groups) {
    const reason = reasonName(answered.reason);
    counts[reason] = (counts[reason] ?? 0) + frames;
  }
  return counts;
}

function traceOf(deviceId: string, frame: agent.FrameRecord, readAt: number): TraceView {
  const hopsMs = hops.map(({ key }) => frame.hops?.[key] ?? 0);
  return {
    deviceId,
    at: Math.round(readAt - frame.ageMs),
    tier: tierName(frame.placement?.tier),
    nodeId: frame.placement?.nodeId ?? '',
    variant: frame.placement?.variant ?? '',
    reason: reasonName(frame.reason),
    lookedAgain: frame.lookedAgain,
    predictedMs: round(frame.predictedMs),
    responseMs: round(sum(hopsMs)),
    hopsMs: hopsMs.map((ms) => round(ms, 2)),
    energyJ: round(frame.energyJ, 4),
    correct: null,
    label: '',
    confidence: 0,
    failedAttempts: frame.failedAttempts,
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
