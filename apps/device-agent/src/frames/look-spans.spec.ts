import { Unavailable } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { onCloud, onDevice, oneFrame, onEdge } from './one-frame.fixture.ts';

describe('the spans of a frame', () => {
  it('tell of one look where the first was sure', async () => {
    const { clock, spans } = oneFrame({ nodes: { 'device-1': { ms: 20, margin: 0.8 } } });
    await clock.advanceAsync(20);
    expect(spans).toEqual([
      {
        number: 1,
        from: 1_000,
        to: 1_020,
        local: true,
        ...onDevice,
        reason: 'planned',
        margin: 0.8,
        lookAgainBelow: 0.3,
        predictedMs: 30,
        responseMs: 20,
        predictionErrorMs: -10,
        energyJ: 0.02,
        concurrency: 0,
      },
    ]);
  });

  it('say why there was a second, what failed, and whether it agreed', async () => {
    const { clock, spans } = oneFrame({
      again: [onEdge, onCloud],
      nodes: {
        'device-1': { ms: 20, margin: 0.1, classIndex: 3 },
        'edge-1': { ms: 5, fails: new Unavailable('gone') },
        'cloud-1': { ms: 50, margin: 0.7, classIndex: 3 },
      },
    });
    await clock.advanceAsync(80);
    const why = { number: 2, reason: 'unsure', firstMargin: 0.1, lookAgainBelow: 0.3 };
    expect(spans).toEqual([
      expect.objectContaining({ number: 1, margin: 0.1, to: 1_020 }),
      { ...why, from: 1_020, to: 1_025, failed: 'UNAVAILABLE', ...onEdge },
      expect.objectContaining({
        ...why,
        from: 1_025,
        to: 1_075,
        local: false,
        ...onCloud,
        margin: 0.7,
        agreed: true,
      }),
    ]);
  });

  it('count failed attempts before the first answer to the first look', async () => {
    const { clock, spans } = oneFrame({
      looksTwice: false,
      firsts: [onEdge],
      nodes: { 'edge-1': { ms: 7, fails: new Unavailable('gone') }, 'device-1': { ms: 20 } },
    });
    await clock.advanceAsync(30);
    expect(spans).toMatchObject([{ number: 1, from: 1_000, to: 1_027, ...onDevice, reason: 'fallback' }]);
  });
});
