import { defaultObjective, type Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { paperFamily } from '../family.ts';
import { replay } from './replay.ts';
import { type ReplayTrialOptions, replayTrial } from './trial.ts';

const variants = ['1.00-fp32', '1.00-int8', '0.50-int8'].map((name) =>
  paperFamily.find((variant) => variant.name === `mobilenet-v1-${name}`)!,
);
/** One device and what it shares with nobody; accuracies 0.899, 0.889 and 0.832. */
const small: Omit<ReplayTrialOptions, 'seed'> = {
  cell: { profile: 'contended', devices: 1, family: { variants } },
  load: 0.5,
  durationMs: 121_000,
  inForce: { accuracyFloor: 0.87 },
  asked: { accuracyFloor: 0.86 },
  resamples: 4,
  truths: 2,
};

describe('a replay', () => {
  it('tells by an interval what then truly happens', async () => {
    const trials = [];
    for (let seed = 1; seed <= 5; seed++) trials.push(await replayTrial({ ...small, seed }));
    expect(trials.map(({ result }) => result.reasons)).toEqual(trials.map(() => []));
    expect(trials.filter(({ holds }) => holds).length).toBeGreaterThanOrEqual(4);
    for (const { result, truthMs, truthAccuracy } of trials) {
      // Another floor makes a difference that the estimate sees.
      expect(truthMs).toBeLessThan(0.97 * result.logged.responseMs);
      expect(Math.abs(result.asked.responseMs!.mean / truthMs - 1)).toBeLessThan(0.05);
      expect(Math.abs(result.asked.accuracy.mean - truthAccuracy)).toBeLessThan(0.005);
    }
  }, 120_000);

  it('gives no figure where the journal has no overlap, and names the places', async () => {
    const { result, holds } = await replayTrial({
      ...small,
      inForce: { accuracyFloor: 0 },
      asked: { accuracyFloor: 0.899 },
      truths: 1,
      seed: 1,
    });
    expect(holds).toBeUndefined();
    expect(result.asked).not.toHaveProperty('responseMs');
    expect(result.reasons.join()).toMatch(/no overlap: .*device-1 (→ \w+ )?\/ mobilenet-v1-1\.00-fp32/);
  }, 60_000);

  it('adds up energy, and lets its price decide', async () => {
    const energyJ = ({ tier }: { tier: string }) => (tier === 'device' ? 4 : 1);
    const { result } = await replayTrial({
      ...small,
      energyJ,
      asked: { accuracyFloor: 0.87, energyMsPerJ: 30 },
      truths: 1,
      seed: 1,
    });
    const { logged, asked } = result;
    expect(asked.tiers.device).toBeLessThan(logged.tiers.device!);
    if (asked.energyJ) expect(asked.energyJ.mean).toBeLessThan(logged.energyJ);
  }, 60_000);

  it('refuses a journal that is too short', async () => {
    const objective = defaultObjective;
    const policy = { objective, createLearner: () => undefined as never };
    const cell = { devices: [], nodes: [], variants: [] };
    const asked = { outcomes: [] as Outcome[], cell, inForce: policy, asked: policy, seed: 1 };
    await expect(replay(asked)).rejects.toMatchObject({ reason: 'JOURNAL_TOO_SHORT' });
  });
});
