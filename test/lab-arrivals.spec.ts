import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PreparedCell, type FrameRecord, runScenario } from '@weir/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cell, openLab, scenario } from './support/lab-cell.ts';

/** Frames that arrive by themselves, and links that follow a trace, on a living cell of two devices, an edge and a cloud. */
describe('the lab, in its own time', () => {
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

  it('drives links by a trace: slow ones, after an outage that profiling waits for the end of', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-lab-'));
    try {
      const trace = join(folder, 'trace.csv');
      const rows = ['0,0,150', '6,50,150', '90,50,150'];
      await writeFile(trace, ['time_s,rate_mbps,delay_ms', ...rows].join('\n'));
      await using driven = await lab.open(
        scenario({ links: { trace }, cell: { ...cell, users: 1 }, repetitions: 1, epochs: {} }),
      );
      const table = await driven.tableOf([]);
      expect(table.networkMs('device-1', 'edge-1')).toBeGreaterThan(290);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
