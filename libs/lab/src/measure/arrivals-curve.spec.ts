import { describe, expect, it } from 'vitest';
import { ArrivalsCurve } from './arrivals-curve.ts';

const frame = { atMs: 0, phase: 'measured' as const, deviceId: 'a', responseMs: 100, accuracy: 0.9 };

describe('the curve of a rule under arrivals', () => {
  it('takes means over five seconds, each device apart', () => {
    const curve = new ArrivalsCurve();
    curve.add({ ...frame, atMs: 12_000 });
    curve.add({ ...frame, atMs: 1_000, responseMs: 100, accuracy: 0.8 });
    curve.add({ ...frame, atMs: 4_999, responseMs: 400, accuracy: 0.9 });
    curve.add({ ...frame, atMs: 3_000, deviceId: 'b', responseMs: 30 });
    expect(curve.points().map(({ atMs, deviceId, frames }) => [atMs, deviceId, frames])).toEqual([
      [0, 'a', 2],
      [0, 'b', 1],
      [10_000, 'a', 1],
    ]);
    expect(curve.points()[0]).toMatchObject({ responseMs: 250, phase: 'measured' });
    expect(curve.points()[0]!.accuracy).toBeCloseTo(0.85, 12);
  });

  it('keeps phases apart where one ends within a window', () => {
    const curve = new ArrivalsCurve();
    curve.add({ ...frame, phase: 'warmup' });
    curve.add(frame);
    expect(curve.points().map(({ phase }) => phase)).toEqual(['measured', 'warmup']);
  });

  it('stays as short however many frames arrive', () => {
    const curve = new ArrivalsCurve();
    for (let at = 0; at < 10_000; at++) curve.add({ ...frame, atMs: at });
    expect(curve.points().map(({ frames }) => frames)).toEqual([5_000, 5_000]);
  });
});
