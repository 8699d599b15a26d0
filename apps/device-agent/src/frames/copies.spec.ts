import { FakeClock, Unavailable } from '@weir/base';
import type { Decision, Dispatcher, Settlement } from '@weir/dispatch';
import type { Outcome } from '@weir/domain';
import { common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import type { Target, TargetAnswer } from '../targets/target.ts';
import { sendCopies } from './copies.ts';
import { decide } from './one-frame.fixture.ts';

const copy = (nodeId: string, reason: 'explored' | 'fallback', predictedMs = 50): Decision =>
  decide({ tier: 'cloud', nodeId, variant: 'small' }, { reason, predictedMs });
const answer: TargetAnswer = {
  classification: common.Classification.fromPartial({ confidence: 0.6, margin: 0.3 }),
  hops: { uplinkMs: 15, queueMs: 1, decodeMs: 2, computeMs: 7, downlinkMs: 5 },
  energyJ: 0.1,
  concurrency: 0,
  batchSize: 1,
};

/** One frame, whose copies are due to be sent there, and end so after 30 ms. */
async function oneFrame(due: { probe?: Decision; linkCheck?: Decision }, ends: TargetAnswer | Error) {
  const clock = new FakeClock(1_000);
  const outcomes: (Outcome & { confidence: number })[] = [];
  const settled: Settlement[] = [];
  const deadlines: number[] = [];
  const sending = sendCopies(
    { content: { $case: 'encodedImage', value: Buffer.alloc(1) } },
    {
      deviceId: 'device-1',
      clock,
      dispatcher: {
        probe: () => due.probe,
        linkCheck: () => due.linkCheck,
        settle: (_: Decision, settlement: Settlement) => void settled.push(settlement),
      } as Partial<Dispatcher> as Dispatcher,
      target: () =>
        ({
          run({ deadlineAt }) {
            deadlines.push(deadlineAt);
            return new Promise((resolve, reject) =>
              clock.after(30, () => (ends instanceof Error ? reject(ends) : resolve(ends))),
            );
          },
        }) as Partial<Target> as Target,
      record: (outcome, confidence) => void outcomes.push({ ...outcome, confidence }),
    },
  );
  clock.advance(30);
  await sending;
  return { outcomes, settled, deadlines };
}

describe('copies of a frame', () => {
  it('tell the policy what a checked link took, as no frame of an application', async () => {
    const { outcomes, settled } = await oneFrame({ linkCheck: copy('cloud-1', 'explored', 900) }, answer);
    expect(settled).toEqual([{ ok: true, responseMs: 30, queueMs: 1, serviceMs: 9, batchSize: 1 }]);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({
      deviceId: 'device-1',
      placement: { nodeId: 'cloud-1' },
      reason: 'explored',
      shadow: true,
      responseMs: 30,
      hops: { uplinkMs: 15, downlinkMs: 5 },
      confidence: 0.6,
    });
  });

  it('tell it nothing of a target that was ejected, and nothing of a check that failed', async () => {
    const probed = await oneFrame({ probe: copy('edge-1', 'fallback') }, answer);
    expect(probed.outcomes).toEqual([]);
    expect(probed.settled).toMatchObject([{ ok: true }]);
    const failed = await oneFrame({ linkCheck: copy('edge-1', 'explored') }, new Unavailable('gone'));
    expect(failed.outcomes).toEqual([]);
    expect(failed.settled).toEqual([{ ok: false, fault: 'failed' }]);
  });

  it.each([
    [100, 1_000],
    [900, 3_600],
    [9_000, 10_000],
  ])('expected after %i ms are waited for %i ms', async (predictedMs, patienceMs) => {
    const { deadlines } = await oneFrame({ linkCheck: copy('cloud-1', 'explored', predictedMs) }, answer);
    expect(deadlines).toEqual([1_000 + patienceMs]);
  });
});
