import type { Outcome, Placement } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { loggedFrames } from './logged-frames.ts';

const small: Placement = { tier: 'device', nodeId: 'a', variant: 'small' };
const large: Placement = { tier: 'edge', nodeId: 'edge', variant: 'large' };

const outcome = (more: Partial<Outcome>): Outcome => ({
  deviceId: 'a',
  placement: small,
  planVersion: 1,
  reason: 'planned',
  at: 1_000,
  hops: { agentMs: 0, uplinkMs: 10, queueMs: 5, decodeMs: 1, computeMs: 20, downlinkMs: 10 },
  responseMs: 46,
  predictedMs: 40,
  energyJ: 0.5,
  accuracy: 0.85,
  margin: 0.4,
  concurrency: 0,
  propensity: 1,
  ...more,
});
const unsure = outcome({ lookedAgain: true, margin: 0.1 });
const second = outcome({
  placement: large,
  reason: 'unsure',
  at: 1_080,
  responseMs: 75,
  firstLook: { placement: small, margin: 0.1, agreed: true },
});

describe('the frames of a journal', () => {
  it('are whole: a first look with the second that names it, in whatever order they came', () => {
    const { frames, incomplete } = loggedFrames([second, outcome({ at: 2_000 }), unsure]);
    expect(frames).toMatchObject([
      { cameAt: 954, responseMs: 126, looks: [{ placement: small }, { placement: large }] },
      { cameAt: 1_954, responseMs: 46, looks: [{ serviceMs: 21, networkMs: 20, energyJ: 0.5 }] },
    ]);
    expect(incomplete).toBe(0);
  });

  it('of another device, or of another margin, are others', () => {
    expect(loggedFrames([{ ...unsure, deviceId: 'b' }, second])).toMatchObject({ frames: [], incomplete: 2 });
    expect(loggedFrames([{ ...unsure, margin: 0.11 }, second])).toMatchObject({ frames: [], incomplete: 2 });
  });

  it('are none of shadow inferences and audits, and none of looks that failed', () => {
    const audit = { ...second, auditProbability: 0.01 };
    const none = loggedFrames([audit, outcome({ shadow: true }), outcome({ failure: 'UNAVAILABLE' })]);
    expect(none).toEqual({ frames: [], failures: 1, incomplete: 0 });
  });

  it('computed together share the processor', () => {
    const { frames } = loggedFrames([outcome({ batchSize: 3 })]);
    expect(frames[0]!.looks[0]).toMatchObject({ serviceMs: 7, together: true, responseMs: 46 });
  });
});
