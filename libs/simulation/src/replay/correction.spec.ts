import { describe, expect, it } from 'vitest';
import { correctionOf } from './correction.ts';
import type { LoggedFrame } from './logged-frames.ts';

/** A frame of one look: `quick` or `slow`, found alone unless said otherwise. */
const frame = (
  variant: string,
  responseMs: number,
  { propensity = 1, concurrency = 0 } = {},
): LoggedFrame => ({
  deviceId: 'a',
  cameAt: 0,
  responseMs,
  accuracy: 0.9,
  margin: 0.5,
  looks: [
    {
      deviceId: 'a',
      placement: { tier: 'device', nodeId: 'a', variant },
      concurrency,
      responseMs,
      serviceMs: responseMs,
      networkMs: 0,
      energyJ: 0,
      propensity,
      together: false,
    },
  ],
});
const times = (count: number, make: () => LoggedFrame) => Array.from({ length: count }, make);

const journal = [...times(80, () => frame('quick', 12)), ...times(20, () => frame('slow', 110))];
/** It takes quick ones for 10 ms and slow ones for 100. */
const modelled = [...times(80, () => frame('quick', 10)), ...times(20, () => frame('slow', 100))];

describe('the correction of a model', () => {
  it('makes its estimate of the objective in force what happened', () => {
    const { ms, effectiveLooks } = correctionOf({ journal, modelled, asked: modelled });
    expect(ms).toBeCloseTo(0.8 * 2 + 0.2 * 10);
    expect(effectiveLooks).toBeCloseTo(100);
  });

  it('weighs residuals as the new policy takes the actions, and counts what that is worth', () => {
    const asked = [...times(20, () => frame('quick', 10)), ...times(80, () => frame('slow', 100))];
    const { ms, effectiveLooks } = correctionOf({ journal, modelled, asked });
    expect(ms).toBeCloseTo(0.2 * 2 + 0.8 * 10);
    // Weights 1/4 of 80 looks and 4 of 20.
    expect(effectiveLooks).toBeCloseTo(100 ** 2 / (80 / 16 + 20 * 16));
  });

  it('lets a choice that chance made stand for the situations in which it might have been made', () => {
    // Slow ones were mostly chosen where they are quick; the few drawn at random tell what they take elsewhere.
    const confounded = [
      ...times(40, () => frame('slow', 90)),
      ...times(10, () => frame('slow', 190, { propensity: 0.2 })),
    ];
    const { ms } = correctionOf({
      journal: confounded,
      modelled,
      asked: times(10, () => frame('slow', 100)),
    });
    expect(ms).toBeCloseTo((40 * 90 + 10 * 5 * 190) / 90 - 100);
  });

  it('tells what it clips, and what the journal never met', () => {
    const rare = [...times(995, () => frame('quick', 12)), ...times(5, () => frame('slow', 110))];
    const asked = times(100, () => frame('slow', 100));
    // 0.5 % of the journal may stand for 20 times as much.
    expect(correctionOf({ journal: rare, modelled, asked }).clipped).toBeCloseTo(0.9);
    const crowded = times(100, () => frame('slow', 300, { concurrency: 3 }));
    expect(correctionOf({ journal, modelled, asked: crowded })).toMatchObject({ unmet: 1, clipped: 0 });
  });

  it('knows nothing of places that the journal never used', () => {
    const asked = times(100, () => frame('other', 5));
    expect(correctionOf({ journal, modelled, asked })).toMatchObject({ ms: 0, unmet: 1, effectiveLooks: 0 });
  });
});
