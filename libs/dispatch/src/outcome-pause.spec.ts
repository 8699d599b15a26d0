import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { OutcomePause } from './outcome-pause.ts';

const never = () => 0;

describe('the pause between messages of outcomes', () => {
  it('counts from the last message of the session', () => {
    const pause = new OutcomePause(never, 500);
    expect(pause.leftMs(0)).toBeLessThanOrEqual(0);
    pause.sent(1_000);
    expect(pause.leftMs(1_100)).toBe(400);
    pause.begin();
    expect(pause.leftMs(1_100)).toBeLessThanOrEqual(0);
  });

  it('is a shorter one at once where the policy asks for that', () => {
    const pause = new OutcomePause(never, 4_000);
    pause.sent(0);
    pause.ask(2_000);
    expect(pause.leftMs(0)).toBe(2_000);
  });

  it('keeps agents apart that hear of a longer one at the same time', () => {
    const random = seededRandom(7);
    const [before, after] = [1_000, 4_000];
    const phases = Array.from({ length: 1_000 }, (_, at) => {
      const pause = new OutcomePause(random.uniform, before);
      // Each at its own time within the shorter pause.
      pause.sent(at);
      pause.ask(after);
      pause.ask(after);
      const dueAt = 1_000 + pause.leftMs(1_000);
      expect(dueAt - at).toBeGreaterThanOrEqual(after);
      expect(dueAt - at).toBeLessThan(2 * after);
      pause.sent(dueAt);
      expect(pause.leftMs(dueAt)).toBeCloseTo(after);
      return dueAt % after;
    });
    for (const quarter of [0, 1, 2, 3]) {
      const within = phases.filter((phase) => Math.floor(phase / before) === quarter).length;
      expect(within).toBeGreaterThan(200);
    }
  });
});
