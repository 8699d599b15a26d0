import type { ActionCost, LookCurves } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { noRescue, ownAnswerMs, rescueOf } from './rescue.ts';

const own = (variant: string, accuracy: number, serviceMs: number): ActionCost => ({
  placement: { tier: 'device', nodeId: 'device-1', variant },
  accuracy,
  serviceMs,
  networkMs: 0,
  energyJ: 0,
});
const actions = [own('small', 0.7, 50), own('medium', 0.8, 120), own('large', 0.85, 300)];
const steps = (...gains: readonly number[]) =>
  gains.map((gain, at) => ({ marginBelow: (at + 1) / 10, share: (at + 1) / 10, gain, standardError: 0 }));
const looks: LookCurves = {
  version: 'v',
  pictures: 1_000,
  curves: [
    { first: 'small', second: 'large', steps: steps(0.1, 0.17) },
    { first: 'medium', second: 'large', steps: steps(0.08) },
    { first: 'small', second: 'elsewhere', steps: steps(0.3) },
  ],
};

describe('the device’s own answer', () => {
  it('takes as long as the quickest variant that the floor allows', () => {
    expect(ownAnswerMs(actions, { leastAccuracy: 0.75, looks })).toBe(120);
    expect(ownAnswerMs(actions, { leastAccuracy: 0, looks })).toBe(50);
  });

  it('takes both looks where only two suffice, by the quickest pair that there is on the device', () => {
    expect(ownAnswerMs(actions, { leastAccuracy: 0.87, looks })).toBe(350);
    expect(ownAnswerMs(actions, { leastAccuracy: 0.88, looks })).toBe(420);
  });

  it('is none where no variant, and no pair, suffices', () => {
    expect(ownAnswerMs(actions, { leastAccuracy: 0.89, looks })).toBe(Infinity);
    expect(ownAnswerMs(actions, { leastAccuracy: 0.87, looks: undefined })).toBe(Infinity);
    expect(ownAnswerMs([], { leastAccuracy: 0, looks })).toBe(Infinity);
  });
});

describe('what is kept of a frame for it', () => {
  const kept = (now: number, later: number, backlogMs = 0) =>
    rescueOf({ actions, looks, leastAccuracy: { now, later }, backlogMs });

  it('is twice what it takes once the balance is used up, and what waits', () => {
    expect(kept(0.6, 0.8)).toEqual({ leastMs: 110, ms: 250, answerMs: 120 });
    expect(kept(0.6, 0.8, 40)).toEqual({ leastMs: 150, ms: 290, answerMs: 120 });
    expect(kept(0.8, 0.8)).toEqual({ leastMs: 250, ms: 250, answerMs: 120 });
  });

  it('goes by the balance where nothing suffices without', () => {
    expect(kept(0.6, 0.95)).toEqual({ leastMs: 110, ms: 110, answerMs: 50 });
  });

  it('is nothing where the device cannot answer', () => {
    expect(kept(0.95, 0.95)).toEqual(noRescue);
  });
});
