import {
  FakeClock,
  Internal,
  ResourceExhausted,
  seededRandom,
  type WeirError,
  silentLogger,
} from '@weir/base';
import { createDispatcher, type EjectionChange } from '@weir/dispatch';
import { type ActionCost, defaultObjective, type NodeLoad, type Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { extractTraceContext } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import type { Target, TargetAnswer, TargetRequest } from '../targets/target.ts';
import { bounded } from './bounded.ts';
import { infer } from './inference.ts';
import { RescueWindows } from './rescue-windows.ts';

const oneWayMs = 1;
const promisedMs: Record<string, number> = { small: 10, large: 15 };
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What becomes of a frame; a number: the factor by which it is slower than promised. */
type Health = number | 'hangs' | WeirError;

/** A node of one slot that serves in order and, as workers do, refuses what it cannot do in time. */
class Worker implements Target {
  readonly tier = 'edge';
  readonly reachable = true;
  readonly received: string[] = [];
  readonly nodeId: string;
  readonly #clock: FakeClock;
  #freeAt = 0;
  #meanMs = 0;
  #meanAt = 0;
  health: (variant: string) => Health = () => 1;
  onLoad = (_load: NodeLoad): void => {};

  constructor(nodeId: string, clock: FakeClock) {
    this.nodeId = nodeId;
    this.#clock = clock;
  }

  load(): NodeLoad {
    const now = this.#clock.now();
    const backlogMs = Math.max(0, this.#freeAt - now);
    this.#meanMs += (1 - Math.exp((this.#meanAt - now) / 5_000)) * (backlogMs - this.#meanMs);
    this.#meanAt = now;
    return {
      nodeId: this.nodeId,
      slots: 1,
      inService: backlogMs > 0 ? 1 : 0,
      queued: 0,
      backlogMs,
      meanBacklogMs: this.#meanMs,
      congestionPerMs: 0,
      utilization: 0,
    };
  }

  run({ variant, deadlineAt, signal }: TargetRequest): Promise<TargetAnswer> {
    const clock = this.#clock;
    this.received.push(variant);
    const work = new Promise<TargetAnswer>((resolve, reject) => {
      const reply = (send: () => void) => {
        const load = this.load();
        clock.after(oneWayMs, () => {
          this.onLoad(load);
          send();
        });
      };
      clock.after(oneWayMs, () => {
        const health = this.health(variant);
        if (health === 'hangs') return;
        if (typeof health !== 'number') return reply(() => reject(health));
        const [now, serviceMs] = [clock.now(), promisedMs[variant]! * health];
        const begin = Math.max(now, this.#freeAt);
        const retryAfterMs = begin + serviceMs + oneWayMs - deadlineAt;
        const late = new ResourceExhausted('too late', { reason: 'DEADLINE_UNREACHABLE', retryAfterMs });
        if (retryAfterMs > 0) return reply(() => reject(late));
        this.#freeAt = begin + serviceMs;
        const hops = { uplinkMs: 1, queueMs: begin - now, decodeMs: 0, computeMs: serviceMs, downlinkMs: 1 };
        const classification = common.Classification.fromPartial({ label: this.nodeId });
        clock.after(begin - now + serviceMs, () =>
          reply(() => resolve({ classification, hops, energyJ: 0, concurrency: 0, batchSize: 1 })),
        );
      });
    });
    return bounded(work, { deadlineAt, signal, clock });
  }
}

function setUp({ deviceMs = 40, variants = ['small', 'large'] } = {}) {
  const clock = new FakeClock(0);
  const changes: EjectionChange[] = [];
  const dispatcher = createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: ['small'] },
    variants: [],
    objective: defaultObjective,
    random: seededRandom(1),
    onEjection: (change) => changes.push(change),
  });
  const action = (tier: Tier, nodeId: string, variant: string, serviceMs: number): ActionCost => ({
    placement: { tier, nodeId, variant },
    accuracy: 0.8,
    serviceMs,
    networkMs: tier === 'device' ? 0 : 2 * oneWayMs,
    energyJ: 0,
  });
  dispatcher.setFallbackActions([
    ...variants.map((variant) => action('edge', 'edge-1', variant, promisedMs[variant]!)),
    action('device', 'device-1', 'small', deviceMs),
  ]);
  const edge = new Worker('edge-1', clock);
  const device = new Worker('device-1', clock);
  device.health = () => deviceMs / promisedMs['small']!;
  const report = () => dispatcher.reportLoad(edge.load(), clock.now());
  report();
  // With every answer, and from time to time.
  edge.onLoad = (load) => dispatcher.reportLoad(load, clock.now());
  clock.every(500, report);
  const answered: { at: number; nodeId: string; variant: string; tries: number; responseMs: number }[] = [];
  const refused: { at: number; error: unknown }[] = [];
  const rescueWindows = new RescueWindows();
  const frame = (deadlineMs: number) => {
    const at = clock.now();
    infer(
      {
        input: { content: { $case: 'encodedImage', value: Buffer.alloc(1) } },
        arrivedAt: at,
        deadlineAt: at + deadlineMs,
        signal: new AbortController().signal,
        span: startInference({ parent: extractTraceContext(undefined), at }),
      },
      {
        deviceId: 'device-1',
        dispatcher,
        target: (nodeId) => (nodeId === 'device-1' ? device : edge),
        clock,
        logger: silentLogger,
        record() {},
        refresh: (now) => dispatcher.reportLoad(device.load(), now),
        rescue: () => ({ leastMs: deviceMs + 10, ms: deviceMs + 10, answerMs: deviceMs }),
        rescueWindows,
      },
    ).then(
      ({ decision: { placement }, failedAttempts, responseMs }) =>
        answered.push({ at, ...placement, tries: failedAttempts.length + 1, responseMs }),
      (error: unknown) => refused.push({ at, error }),
    );
  };
  return {
    clock,
    edge,
    answered,
    refused,
    changes,
    /** One frame each `gapMs` for `forMs`, then time until all have ended. */
    async drive({ forMs, gapMs, deadlineMs }: { forMs: number; gapMs: number; deadlineMs: number }) {
      for (let ms = 0; ms < forMs + deadlineMs + 10; ms++) {
        if (ms < forMs && ms % gapMs === 0) frame(deadlineMs);
        await settled();
        clock.advance(1);
      }
      await settled();
    },
  };
}

describe('a device in front of a sick worker', () => {
  it('uses the other variants of a worker that fails with one, and that one once it is well', async () => {
    const { edge, answered, refused, changes, drive } = setUp();
    edge.health = (variant) => (variant === 'small' ? new Internal('broken model') : 1);
    await drive({ forMs: 4_000, gapMs: 50, deadlineMs: 500 });
    expect(refused).toEqual([]);
    // Three frames were tried with it in vain.
    expect(answered.filter(({ tries }) => tries > 1)).toHaveLength(3);
    expect(answered.slice(3).every(({ variant, nodeId }) => variant === 'large' && nodeId === 'edge-1')).toBe(
      true,
    );
    edge.health = () => 1;
    await drive({ forMs: 3_000, gapMs: 50, deadlineMs: 500 });
    expect(answered.at(-1)).toMatchObject({ nodeId: 'edge-1', variant: 'small' });
    expect(changes.map(({ variant, ejected }) => [variant, ejected])).toEqual([
      ['small', true],
      ['small', false],
    ]);
    expect(refused).toEqual([]);
  });

  it('leaves a worker that hangs, and loses no frame to finding out whether it still does', async () => {
    const { edge, answered, refused, changes, drive } = setUp();
    edge.health = () => 'hangs';
    await drive({ forMs: 30_000, gapMs: 100, deadlineMs: 200 });
    expect(refused).toEqual([]);
    const late = answered.filter(({ tries }) => tries > 1);
    expect(late.length).toBeLessThanOrEqual(8);
    expect(Math.max(...late.map(({ at }) => at))).toBeLessThan(1_500);
    // Of the probes at 5 and 15 s each found it hanging.
    expect(edge.received.length - late.length).toBeLessThanOrEqual(3);
    expect(changes.filter(({ variant }) => variant === undefined).map(({ pauseMs }) => pauseMs)).toEqual([
      5_000, 10_000, 15_000,
    ]);
  });

  it('answers by itself all that it had sent at once to a worker that hangs', async () => {
    const { edge, answered, refused, drive } = setUp({ deviceMs: 60 });
    edge.health = () => 'hangs';
    await drive({ forMs: 5, gapMs: 1, deadlineMs: 1_000 });
    expect(edge.received).toHaveLength(5);
    expect(refused).toEqual([]);
    expect(answered.map(({ nodeId, tries }) => [nodeId, tries])).toEqual(Array(5).fill(['device-1', 2]));
    expect(answered.every(({ responseMs }) => responseMs <= 1_000)).toBe(true);
  });

  it('leaves a worker that is ten times slower than promised, until it keeps its promise', async () => {
    const { edge, answered, refused, drive } = setUp();
    edge.health = () => 10;
    await drive({ forMs: 3_000, gapMs: 150, deadlineMs: 1_000 });
    expect(answered.filter(({ nodeId }) => nodeId === 'edge-1').length).toBeLessThanOrEqual(6);
    expect(answered.at(-1)!.nodeId).toBe('device-1');
    edge.health = () => 1;
    await drive({ forMs: 6_000, gapMs: 150, deadlineMs: 1_000 });
    expect(answered.at(-1)!.nodeId).toBe('edge-1');
    expect(refused).toEqual([]);
  });

  it('answers all that its targets can in a flood of ten times that, and refuses the rest at once', async () => {
    const { edge, clock, answered, refused, changes, drive } = setUp({
      deviceMs: 1_000,
      variants: ['small'],
    });
    // Half a ms, so that no answer comes at the very deadline.
    await drive({ forMs: 2_000, gapMs: 1, deadlineMs: 100.5 });
    const capacity = 2_000 / promisedMs['small']!;
    expect(answered.length).toBeGreaterThanOrEqual(0.95 * capacity);
    expect(answered.every(({ responseMs }) => responseMs <= 100)).toBe(true);
    // The worker had to refuse hardly any.
    expect(edge.received.length).toBeLessThan(1.2 * capacity);
    // All but those that were tried lest the prediction be wrong, one a second.
    const tried = refused.filter(({ error }) => (error as WeirError).reason !== 'DEADLINE_UNREACHABLE');
    expect(tried.length).toBeLessThanOrEqual(2);
    expect(changes).toEqual([]);
    clock.advance(50);
    await drive({ forMs: 100, gapMs: 20, deadlineMs: 100 });
    expect(answered.slice(-5).map(({ nodeId, tries }) => [nodeId, tries])).toEqual(
      Array(5).fill(['edge-1', 1]),
    );
  });
});
