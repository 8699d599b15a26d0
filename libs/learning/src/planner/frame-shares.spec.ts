import { defaultObjective } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { attainableAccuracy } from './frame-shares.ts';

const device = (id: string) => ({ id, local: { id, tier: 'device' as const, slots: 1, variants: [] } });
const seen = (deviceId: string, framesPerSecond: number) => ({
  deviceId,
  framesPerSecond,
  links: [],
  calibration: new Map<string, number>(),
  balance: 0,
});
const best = (accuracies: Readonly<Record<string, number>>) => (id: string) => accuracies[id];

describe('attainable accuracy', () => {
  const cell = {
    id: 'c',
    devices: [device('a'), device('b')],
    nodes: [],
    variants: [],
    objective: { ...defaultObjective, accuracyFloor: 0.87 },
  };

  it('weighs devices by their frames, as the planner does', () => {
    const devices = [seen('a', 10), seen('b', 0.1)];
    const most = attainableAccuracy({ cell, devices }, best({ a: 0.8, b: 0.95 }))!;
    // Shares 1.98 and, at the least, 0.05.
    expect(most).toBeCloseTo((0.8 * (10 / 5.05) + 0.95 * 0.05) / (10 / 5.05 + 0.05), 9);
    expect(most).toBeLessThan(0.87);
  });

  it('weighs all the same in synchronous epochs', () => {
    expect(attainableAccuracy({ cell, devices: [] }, best({ a: 0.8, b: 0.95 }))).toBeCloseTo(0.875);
  });

  it('leaves out who has nothing to run, and who keeps a higher floor by itself', () => {
    expect(attainableAccuracy({ cell, devices: [] }, best({ b: 0.95 }))).toBeCloseTo(0.95);
    const own = { ...cell, devices: [device('a'), { ...device('b'), objective: { accuracyFloor: 0.9 } }] };
    expect(attainableAccuracy({ cell: own, devices: [] }, best({ a: 0.8, b: 0.95 }))).toBeCloseTo(0.8);
    expect(attainableAccuracy({ cell, devices: [] }, best({}))).toBeUndefined();
  });
});
