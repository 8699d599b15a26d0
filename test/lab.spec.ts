import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mean, silentLogger } from '@weir/base';
import { type FrameRecord, type Overview, type PreparedCell, reproduce, runScenario } from '@weir/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cell, openLab, scenario } from './support/lab-cell.ts';

/** Experiments on a living cell of two devices, an edge and a cloud: real processes, models, queues and links. */
describe('the lab', () => {
  const stop = new AbortController();
  let lab: Awaited<ReturnType<typeof openLab>>;
  let prepared: PreparedCell;

  beforeAll(async () => {
    lab = await openLab(stop.signal);
    prepared = await lab.open(scenario({ epochs: {} }));
  });
  afterAll(async () => {
    stop.abort();
    await prepared?.[Symbol.asyncDispose]();
  });

  it('runs learners, baselines and the measured oracle side by side in synchronous epochs', async () => {
    const result = await runScenario(
      scenario({
        learners: ['planner', 'offload-only', 'device-only'],
        epochs: { learning: 4, measured: 4, blocks: 2 },
      }),
      prepared,
    );
    if (result.kind !== 'epochs') throw new Error(result.kind);
    expect(result.learners.map(({ learner }) => learner)).toEqual([
      'oracle',
      'planner',
      'offload-only',
      'device-only',
    ]);
    const of = (name: string) => result.learners.find(({ learner }) => learner === name)!;
    for (const { curve, discarded, accuracy, floorViolations } of result.learners) {
      expect(discarded).toBe(0);
      expect(curve.length).toBeGreaterThanOrEqual(4);
      for (const { responseMs, accuracy: expected, devices } of curve) {
        expect(devices.map(({ deviceId }) => deviceId)).toEqual(['device-1', 'device-2']);
        expect(mean(devices.map((device) => device.responseMs))).toBeCloseTo(responseMs);
        expect(mean(devices.map((device) => device.accuracy))).toBeCloseTo(expected);
      }
      expect(accuracy.n).toBe(8);
      expect(floorViolations).toBe(0);
    }
    expect(of('planner').epochs).toBe(8);
    expect(of('device-only').placements).toEqual([
      { tier: 'device', variant: 'mobilenet-v1-1.00-fp32', share: 1 },
    ]);
    // All were shown the same pictures, and the best variant answers the same wherever it runs.
    expect(of('device-only').accuracyOverOffloadOnly!.mean).toBe(0);
    // Nobody's joint placement is better by the table than the best of all that meet the floor.
    const best = result.oracle.meanMs;
    for (const { curve } of result.learners)
      for (const { tableMs } of curve) expect(tableMs).toBeGreaterThanOrEqual(best - 1e-6);
    expect(result.oracle.compared).toBe(100);
    expect(result.prediction.epochs).toBe(8 + 8 + 4 + 4);
    expect(result.overheads.bytesPerRemoteInference!.up).toBeGreaterThan(1_000);
    expect(result.overheads.planningMs.p50).toBeGreaterThan(0);
  });

  it('runs second looks beside the planner without, and a threshold tuned in hindsight', async () => {
    const frames: FrameRecord[] = [];
    const result = await runScenario(
      scenario({
        looks: 2,
        floor: 'best-0.9',
        learners: ['planner', 'planner-one-look', 'threshold'],
        epochs: { learning: 2, measured: 8, blocks: 1 },
      }),
      prepared,
      { onFrame: (frame) => frames.push(frame) },
    );
    if (result.kind !== 'epochs') throw new Error(result.kind);
    const of = (name: string) => result.learners.find(({ learner }) => learner === name)!;
    for (const { discarded } of result.learners) expect(discarded).toBe(0);
    for (const name of ['oracle', 'planner-one-look']) expect(of(name).looks!.share).toBe(0);
    expect(of('threshold').looks!.share).toBeGreaterThan(0);
    expect(of('planner').looks!.share).toBeGreaterThan(0);
    for (const name of ['planner', 'planner-one-look']) expect(of(name).floorViolations).toBe(0);
    // What is told of frames and of learners is the same.
    const measured = frames.filter(({ learner, phase }) => learner === 'threshold' && phase === 'measured');
    const twice = measured.filter(({ looks }) => looks === 2);
    expect(twice.length / measured.length).toBeCloseTo(of('threshold').looks!.share, 9);
    for (const { firstVariant, variant, agreed } of twice) {
      expect(firstVariant).not.toBe(variant);
      expect(agreed).not.toBeNull();
    }
  });

  it('goes from another floor’s snapshot, and from nothing', async () => {
    const result = await runScenario(scenario({ transfer: { from: { floor: '85' }, epochs: 5 } }), prepared);
    if (result.kind !== 'transfer') throw new Error(result.kind);
    expect(result).toMatchObject({ from: 'floor 85', to: 'experiment A, floor 89', learner: 'planner' });
    expect(result.starts.map(({ start, curve }) => [start, curve.length])).toEqual([
      ['scratch', 5],
      ['snapshot', 5],
    ]);
  });

  it('weakens links before the epoch that says so, and the oracle changes with them', async () => {
    const result = await runScenario(
      scenario({
        learners: ['edge-only'],
        adaptation: {
          epochs: 9,
          events: [
            { epoch: 4, weak: ['device-1', 'device-2'], label: 'weak' },
            { epoch: 7, weak: [], label: 'regular' },
          ],
        },
      }),
      prepared,
    );
    if (result.kind !== 'adaptation') throw new Error(result.kind);
    const [learner] = result.learners;
    // The least: other work of the machine only ever adds to it.
    const leastOf = (from: number) =>
      Math.min(
        ...learner!.curve
          .filter(({ epoch }) => epoch >= from && epoch < from + 3)
          .map(({ responseMs }) => responseMs),
      );
    // 80 ms more of network each; the rest is room for a busy machine.
    expect(leastOf(4) - leastOf(1)).toBeGreaterThan(40);
    expect(leastOf(4) - leastOf(7)).toBeGreaterThan(40);
    expect(result.oracle[1]!.meanMs).toBeGreaterThan(result.oracle[0]!.meanMs);
  });

  it('holds the floor at every frame of random arrivals, while it learns too, after static placements were obeyed too', async () => {
    const frames: FrameRecord[] = [];
    const result = await runScenario(
      scenario({
        learners: ['planner'],
        arrivals: { load: 0.5, learningSeconds: 3, warmupSeconds: 1, seconds: 4, blocks: 2 },
      }),
      prepared,
      { onFrame: (frame) => frames.push(frame) },
    );
    if (result.kind !== 'arrivals') throw new Error(result.kind);
    const [fixed, byDefault] = result.rules;
    expect([fixed!.rule, byDefault!.rule]).toEqual(['static', 'default']);
    expect(byDefault).toMatchObject({
      floorViolations: 0,
      warmup: { floorViolations: 0 },
      learning: { floorViolations: 0 },
    });
    expect(byDefault!.learning!.frames).toBeGreaterThan(5);
    expect(fixed!.learning).toBeNull();
    expect(fixed!.reasons).toEqual({ planned: fixed!.frames });
    for (const rule of result.rules) {
      expect(rule.failed).toBe(0);
      expect(rule.frames).toBeGreaterThan(5);
      // A row for each frame that counts, and a curve over all of them, phase by phase.
      const label = rule.rule === 'default' ? 'planner' : rule.rule;
      const rows = (phase: string) =>
        frames.filter((frame) => frame.learner === label && frame.phase === phase).length;
      const drawn = (phase: string) =>
        rule.curve.filter((point) => point.phase === phase).reduce((sum, point) => sum + point.frames, 0);
      expect(rows('measured')).toBe(rule.frames);
      for (const phase of ['learning', 'warmup', 'measured']) expect(drawn(phase)).toBe(rows(phase));
    }
  });

  it('tells how far each experiment is while it reproduces several', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-lab-'));
    const seen: Overview[] = [];
    const said: string[] = [];
    const small = { cell: { ...cell, users: 1 }, repetitions: 1, learners: ['planner'] };
    const epochs = { learning: 2, measured: 2, blocks: 1 };
    try {
      await reproduce({
        family: lab.family,
        pictures: lab.pictures,
        scenarios: ['first', 'second'].map((name) => scenario({ ...small, name, epochs })),
        folder,
        parallel: 1,
        quick: true,
        seed: 1,
        command: '',
        logger: silentLogger,
        signal: stop.signal,
        progress: (text) => void said.push(text),
        onOverview: (overview) => void seen.push(overview),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
    expect(said).toEqual([
      'starting the cell of first, second',
      expect.stringMatching(/^1 of 2: first, /),
      expect.stringMatching(/^2 of 2: second, /),
    ]);
    expect(seen[0]!.running).toEqual([{ name: 'first', step: undefined }]);
    expect(seen.at(-1)).toEqual({ done: 2, total: 2, running: [], remainingMs: 0 });
    const steps = seen.flatMap(({ running }) => running.map(({ name, step }) => ({ name, ...step })));
    for (const name of ['first', 'second'])
      expect(
        steps.filter((step) => step.name === name && step.phase === 'experiment').map(({ done }) => done),
      ).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.filter(({ phase }) => phase === 'profiling').at(-1)).toMatchObject({
      name: 'first',
      done: 10,
      total: 10,
    });
  });
});
