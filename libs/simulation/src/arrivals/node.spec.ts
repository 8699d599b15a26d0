import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { arrivalTimes } from './arrivals.ts';
import { EventQueue } from './events.ts';
import { SlotNode } from './node.ts';

describe('event queue', () => {
  it('runs events in the order of their times, simultaneous ones in the order they were scheduled', () => {
    const events = new EventQueue();
    const random = seededRandom(1);
    const ran: { at: number; order: number }[] = [];
    for (let order = 0; order < 500; order++) {
      const at = random.integer(50);
      events.at(at, () => ran.push({ at: events.now, order }));
    }
    events.runUntil(100);
    expect(ran).toEqual(ran.toSorted((a, b) => a.at - b.at || a.order - b.order));
    expect([ran.length, events.now]).toEqual([500, 100]);
  });
});

describe('slot node', () => {
  const serve = (node: SlotNode, serviceMs: number, done: (queueMs: number) => void = () => undefined) =>
    node.arrive({
      nominalMs: serviceMs,
      serviceMs,
      done: ({ queueMs }) => done(queueMs),
      lost: () => done(NaN),
    });

  it('makes Poisson frames of constant service wait as the M/D/1 formula says', () => {
    const events = new EventQueue();
    const node = new SlotNode('edge', 1, events);
    const waits: number[] = [];
    const [serviceMs, gapMs, frames] = [60, 100, 40_000];
    const times = arrivalTimes('poisson', gapMs, seededRandom(1));
    for (let frame = 0; frame < frames; frame++)
      events.at(times.next().value as number, () => serve(node, serviceMs, (queueMs) => waits.push(queueMs)));
    events.runUntil(2 * frames * gapMs);
    const utilization = serviceMs / gapMs;
    const expected = (serviceMs * utilization) / (2 * (1 - utilization));
    expect(waits).toHaveLength(frames);
    expect(waits.reduce((sum, wait) => sum + wait, 0) / frames / expected).toBeCloseTo(1, 1);
  });

  it('predicts the wait that a frame then meets', () => {
    const events = new EventQueue();
    const node = new SlotNode('edge', 2, events);
    const times = arrivalTimes('poisson', 40, seededRandom(2));
    for (let frame = 0; frame < 500; frame++)
      events.at(times.next().value as number, () => {
        const predicted = node.backlogMs();
        serve(node, 70, (met) => expect(met).toBeCloseTo(predicted, 6));
      });
    events.runUntil(1e6);
  });

  it('reports load over its window, and none once it has been idle', () => {
    const events = new EventQueue();
    const node = new SlotNode('edge', 1, events);
    for (let at = 0; at < 30_000; at += 100) events.at(at, () => serve(node, 50));
    events.runUntil(30_000);
    expect(node.load()).toMatchObject({ utilization: expect.closeTo(0.5, 1) as number, backlogMs: 0 });
    expect(node.load().congestionPerMs).toBeCloseTo(0.01 / 0.5, 2);
    events.runUntil(90_000);
    expect(node.load().congestionPerMs).toBeLessThan(1e-5);
  });

  it('loses its jobs when it goes down, and accepts none until it is back', () => {
    const events = new EventQueue();
    const node = new SlotNode('edge', 1, events);
    const ends: number[] = [];
    serve(node, 100, (end) => ends.push(end));
    serve(node, 100, (end) => ends.push(end));
    events.runUntil(50);
    node.down = true;
    serve(node, 100, (end) => ends.push(end));
    expect(ends).toEqual([NaN, NaN, NaN]);
    node.down = false;
    serve(node, 100, (end) => ends.push(end));
    events.runUntil(1_000);
    expect(ends.at(-1)).toBe(0);
  });
});
